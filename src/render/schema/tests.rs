//! The schemas, derived from the types; and the test that they are what stands in the tree.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{ALL, Published, VERIFY, find};
use crate::model::bundle::Manifest;
use crate::model::expiry::{DiskSummary, ExpiryEntry, Unseen};
use crate::model::facts::reports::Rejection;
use crate::model::facts::{self, Facts};
use crate::model::store::Stats;
use crate::model::timeline::Event;
use crate::render::row::Row;
use crate::render::{
    breakdown, bundle, change, config, digest, expiry, fetch, generate, guide, history, ingest, json, list, news, reports, rules, sample,
    store, verify,
};

/// What every description ends with.
const OPEN: &str = "Members may be added, none is renamed or removed: pass over those that are not known.";

/// The shapes that a document has, and whether several of the first stand in an array.
fn shapes(name: &str, of: &mut SchemaGenerator) -> (Vec<Schema>, bool) {
    fn one<T: JsonSchema>(of: &mut SchemaGenerator) -> Vec<Schema> {
        vec![of.subschema_for::<T>()]
    }
    match name {
        "assessment" => (one::<json::View<'_>>(of), true),
        "facts" => (one::<Facts>(of), true),
        "digest" => (vec![of.subschema_for::<digest::View<'_>>(), of.subschema_for::<digest::Line<'_>>()], false),
        "change" => (one::<change::json::View<'_>>(of), false),
        "expiry" => (
            vec![
                of.subschema_for::<expiry::View<'_>>(),
                of.subschema_for::<expiry::Line<'_, ExpiryEntry>>(),
                of.subschema_for::<expiry::Line<'_, Unseen>>(),
                of.subschema_for::<expiry::Line<'_, DiskSummary>>(),
            ],
            false,
        ),
        "bundle" => (one::<Manifest>(of), false),
        "bundle-check" => (one::<bundle::View<'_>>(of), false),
        "notification" => (one::<news::View<'_>>(of), false),
        "guide" => (one::<guide::json::View<'_>>(of), false),
        "history" => (
            vec![
                of.subschema_for::<history::Document<'_>>(),
                of.subschema_for::<history::Line<'_, Event>>(),
                of.subschema_for::<history::Line<'_, history::Answered<'_>>>(),
            ],
            false,
        ),
        "reports" => (vec![of.subschema_for::<reports::View<'_>>(), of.subschema_for::<Row<'_, reports::ReportView<'_>>>()], false),
        "breakdown" => (one::<breakdown::Line<'_>>(of), false),
        "report-list" => (
            vec![
                of.subschema_for::<list::Document<'_, list::Listed>>(),
                of.subschema_for::<Row<'_, list::Listed>>(),
                of.subschema_for::<Row<'_, Rejection>>(),
            ],
            false,
        ),
        "ingest" => (one::<ingest::View<'_>>(of), false),
        "fetch" => (vec![of.subschema_for::<fetch::Document<'_>>(), of.subschema_for::<Row<'_, fetch::Folder>>()], false),
        "store" => (
            vec![
                of.subschema_for::<store::Place>(),
                of.subschema_for::<Stats>(),
                of.subschema_for::<store::Checked>(),
                of.subschema_for::<store::Pruning>(),
            ],
            false,
        ),
        "generate" => (one::<generate::View<'_>>(of), false),
        "config" => (one::<config::View<'_>>(of), false),
        "rule" => (one::<rules::View>(of), true),
        "playbook" => (one::<guide::json::Listed>(of), true),
        "verify" => (one::<verify::Document<'_>>(of), false),
        other => panic!("{other} has no types"),
    }
}

fn derived(published: &Published) -> Value {
    // What may be left out of a document need not be in it: the contract of what is written. Facts are read again, those of older
    // versions, too, which lack what was added since.
    let settings = SchemaSettings::draft2020_12();
    let settings = if published.name == "facts" { settings.for_deserialize() } else { settings.for_serialize() };
    let mut of = settings.into_generator();
    let (shapes, arrays) = shapes(published.name, &mut of);
    let mut shapes: Vec<Value> = shapes.into_iter().map(Schema::to_value).collect();
    if arrays {
        let items = shapes[0].clone();
        shapes.push(json!({ "description": "Where there are several", "type": "array", "items": items }));
    }
    let mut defs = Value::Object(of.take_definitions(true));
    finish(&mut defs, published.id);
    let mut root = Map::new();
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("$id".to_owned(), published.id.into());
    root.insert("title".to_owned(), published.name.into());
    root.insert("description".to_owned(), format!("{}. {OPEN}", published.about).into());
    match shapes.as_slice() {
        [one] => root.extend(one.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone()))),
        _ => {
            root.insert("anyOf".to_owned(), shapes.into());
        }
    }
    root.insert("$defs".to_owned(), defs);
    root.into()
}

/// Turns what the types say into what readers of JSON need, all the way down.
fn finish(value: &mut Value, id: &str) {
    match value {
        Value::Object(object) => {
            said_in_json(object);
            // Facts of other programs may have it.
            if id != facts::SCHEMA {
                left_out_is_not_null(object);
            }
            formats_of_the_standard(object);
            if let Some(schema) =
                object.get_mut("properties").and_then(|properties| properties.get_mut("schema")).and_then(Value::as_object_mut)
                && schema.get("type") == Some(&"string".into())
            {
                schema.insert("const".to_owned(), id.into());
            }
            for value in object.values_mut() {
                finish(value, id);
            }
        }
        Value::Array(array) => array.iter_mut().for_each(|value| finish(value, id)),
        _ => {}
    }
}

/// Descriptions are written for readers of Rust: what they call `None` is `null` here, or left out.
fn said_in_json(object: &mut Map<String, Value>) {
    if let Some(Value::String(said)) = object.get_mut("description") {
        *said = without_links(&said.replace('\n', " ")).replace("`None`", "left out");
    }
    let required = required(object);
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (name, property) in properties {
        if let Some(Value::String(said)) = property.get_mut("description") {
            *said = said.replace("`None`", if required.contains(name) { "`null`" } else { "left out" });
        }
    }
}

/// What may be left out is never there as `null`.
fn left_out_is_not_null(object: &mut Map<String, Value>) {
    let required = required(object);
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
        let Some(property) = property.as_object_mut() else { continue };
        if let Some(Value::Array(types)) = property.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                property.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(shapes)) = property.get_mut("anyOf") {
            shapes.retain(|shape| shape.get("type") != Some(&"null".into()));
            if let [Value::Object(only)] = shapes.as_slice() {
                let only = only.clone();
                property.remove("anyOf");
                property.extend(only);
            }
        }
    }
}

fn required(object: &Map<String, Value>) -> Vec<String> {
    object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// ``[`Self::refused`]`` is `refused`.
fn without_links(said: &str) -> String {
    let mut out = String::new();
    let mut rest = said;
    while let Some((before, linked)) = rest.split_once("[`") {
        let Some((path, after)) = linked.split_once("`]") else { break };
        let last = path.rsplit("::").next().unwrap_or(path);
        out.extend([before, "`", last, "`"]);
        rest = after;
    }
    out + rest
}

/// Formats that only Rust and its like know are left out; `ip` is one of two that validators know.
fn formats_of_the_standard(object: &mut Map<String, Value>) {
    let format = object.get("format").and_then(Value::as_str).map(str::to_owned);
    match format.as_deref() {
        None | Some("date-time" | "date" | "ipv4" | "ipv6") => {}
        Some("ip") => {
            object.remove("format");
            object.insert("anyOf".to_owned(), json!([{ "format": "ipv4" }, { "format": "ipv6" }]));
        }
        Some(_) => {
            object.remove("format");
        }
    }
}

#[test]
fn the_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/schema");
    for published in ALL.iter().chain([&VERIFY]) {
        let text = serde_json::to_string_pretty(&derived(published)).unwrap() + "\n";
        if std::env::var_os("STSREADY_UPDATE_GOLDEN").is_some_and(|update| update == "1") {
            std::fs::write(folder.join(published.name).with_extension("json"), &text).unwrap();
        } else {
            assert!(text == published.text, "{0}.json is not what the types say; STSREADY_UPDATE_GOLDEN=1 rewrites it", published.name);
        }
    }
}

/// A validator that knows nothing of how the schemas came about.
fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(find(name).unwrap().text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// Whatever a server says, and however much of it: the document keeps its shape.
#[test]
fn hostile_words_do_not_change_the_shape() {
    let hold = |name: &str, text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> = validator(name).iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0], "{name}");
    };
    let assessment = sample::assessment();
    hold("assessment", &json::line(&assessment, true).unwrap());
    hold("assessment", &json::document(&[&assessment, &assessment], true).unwrap());
    hold("digest", &digest::document(&sample::digest()).unwrap());
    let list = sample::expiry();
    hold("expiry", &expiry::document(&list).unwrap());
    for line in expiry::lines(&list).unwrap().lines() {
        hold("expiry", line);
    }
}

/// A member that nobody explains is one that everybody guesses about.
#[test]
fn every_member_says_what_it_is() {
    fn mute(path: &str, value: &Value, found: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                // A tag names its variant, and a variant says itself what its one value is.
                let is_variant = property.get("const").is_some() || properties.len() == 1;
                let explained = ["description", "$ref"].iter().any(|key| property.get(key).is_some())
                    || (is_variant && value.get("description").is_some());
                if !explained {
                    found.push(format!("{path}.{name}"));
                }
            }
        }
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| mute(&format!("{path}/{key}"), value, found)),
            Value::Array(array) => array.iter().for_each(|value| mute(path, value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for published in ALL.iter().chain([&VERIFY]) {
        mute(published.name, &serde_json::from_str(published.text).unwrap(), &mut found);
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn names_and_ids_are_each_given_once() {
    let names: Vec<&str> = ALL.iter().flat_map(|published| published.also.iter().copied().chain([published.name])).collect();
    let ids: Vec<&str> = ALL.iter().map(|published| published.id).collect();
    for list in [names, ids] {
        let mut once = list.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), list.len(), "{list:?}");
    }
}
