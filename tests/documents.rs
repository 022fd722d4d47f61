//! Documents as they are printed, held against the published JSON Schemas.
//!
//! The validator is one that knows nothing of how the schemas came about. Documents of this version are held against a stricter reading
//! than the published one: a member that no schema names is a fault here, for it would be one that nobody can rely on.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};
use stsready::render::schema::{self, ALL, Published};

/// The validator of a schema.
pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap_or_else(|error| panic!("{error}"))
}

/// A schema, read.
pub(crate) fn published(published: &Published) -> Value {
    serde_json::from_str(published.text).unwrap()
}

/// The schema of each shape that a document may have, closed to members that it does not name.
fn shapes(published: &Published) -> Vec<Validator> {
    let mut schema = self::published(published);
    close(&mut schema);
    let shapes: Vec<Value> = match schema.get("anyOf").and_then(Value::as_array) {
        Some(shapes) => shapes.iter().filter_map(|shape| shape.get("$ref")).cloned().collect(),
        None => vec![schema["$ref"].clone()],
    };
    let shape = |shape: &Value| validator(&json!({ "$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": shape }));
    shapes.iter().map(shape).collect()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let composed = ["anyOf", "oneOf", "allOf", "$ref"].iter().any(|key| object.contains_key(*key));
            if object.contains_key("properties") && !composed {
                object.entry("additionalProperties").or_insert(false.into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(array) => array.iter_mut().for_each(close),
        _ => {}
    }
}

/// What is wrong with a document of this version.
pub(crate) fn wrong(document: &Value) -> Vec<String> {
    static KNOWN: OnceLock<BTreeMap<&'static str, Vec<Validator>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| ALL.iter().chain([&schema::VERIFY]).map(|published| (published.id, shapes(published))).collect());
    let of = |shapes: &[Validator]| {
        let errors =
            shapes.iter().map(|shape| shape.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect());
        errors.min_by_key(Vec::len).unwrap_or_default()
    };
    match document.get("schema") {
        Some(Value::String(id)) => known.get(id.as_str()).map_or_else(|| vec![format!("{id}: nobody published it")], |shapes| of(shapes)),
        // What `store stats` and `store check` print.
        Some(Value::Number(_)) => of(&known[stsready::render::store::SCHEMA]),
        _ => vec!["it does not say by which schema it is".to_owned()],
    }
}

/// Each document in what was printed.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>().map_while(Result::ok);
    values.flat_map(|value| if let Value::Array(many) = value { many } else { vec![value] }).collect()
}

/// Asserts that everything in this output of a run is as published.
#[track_caller]
pub(crate) fn hold(text: &str) {
    let documents = documents(text);
    // A copy of the store is no report: its lines are what is in the store, and only the first says so.
    if documents.first().is_none_or(|first| first["schema"] != "stsready/export/1") {
        documents.iter().for_each(holds);
    }
}

/// Asserts that a document is as published.
#[track_caller]
pub(crate) fn holds(document: &Value) {
    let wrong = wrong(document);
    assert!(wrong.is_empty(), "{}\n{document:#}", wrong.join("\n"));
}
