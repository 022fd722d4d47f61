//! `generate`: the texts to publish. DNS is looked up, nothing else; what would be wrong is refused.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::{GenerateAt, GenerateCommand, GenerateFormat, PolicyBody};
use super::config::Config;
use super::keep::Keep;
use super::{Exit, Failure, Streams, observe, setup};
use crate::decide::generate::{PolicyWish, Refusal, Wish, generate, targets};
use crate::model::facts::Facts;
use crate::model::facts::policy::Body;
use crate::model::facts::vantage::{Family, Means, Vantage};
use crate::model::generated::Generated;
use crate::net::dns::Dns;
use crate::net::trust::{RootSource, TrustStore};
use crate::render::escape;
use crate::render::generate as page;
use crate::stages::ground;

/// Prints what is to be published; notes go to the error stream. Exits with 1 if it would be wrong here, with 3 if that is not known.
pub(super) fn run(command: &GenerateCommand, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let nothing = Wish { rua: Vec::new(), foreign_rua: false, policy: None, text: None, host: None, records: false };
    let (at, wish, file) = match command {
        GenerateCommand::Record(args) => {
            (&args.at, Wish { rua: args.rua.rua.clone(), foreign_rua: args.rua.foreign_rua, ..nothing }, false)
        }
        GenerateCommand::Policy(args) => (&args.at, Wish { policy: Some(body(&args.body)), ..nothing }, true),
        GenerateCommand::Dns(args) => {
            let text = args.policy.as_deref().map(text).transpose()?;
            let wish = Wish {
                rua: args.rua.rua.clone(),
                foreign_rua: args.rua.foreign_rua,
                policy: text.is_none().then(|| body(&args.body)),
                text,
                host: args.policy_host.clone(),
                records: true,
            };
            (&args.at, wish, false)
        }
    };
    at.outputs.ready()?;
    match make(at, &wish)? {
        Ok(generated) => {
            at.outputs.write(streams, |format, streams| print(&generated, format, file, streams))?;
            Ok(Exit::Ready)
        }
        Err(Refusal::Call(why)) => Err(Failure::Usage(why)),
        Err(refusal) => {
            writeln!(streams.err, "stsready: refused: {}", escape::terminal(&refusal.to_string()))?;
            Ok(if matches!(refusal, Refusal::Open(_)) { Exit::Inconclusive } else { Exit::NotReady })
        }
    }
}

fn body(args: &PolicyBody) -> PolicyWish {
    PolicyWish { mode: args.mode.mode(), max_age: args.max_age, patterns: args.mx.clone(), exact: args.exact }
}

/// The policy in a file.
fn text(path: &Path) -> Result<String, Failure> {
    Ok(Body::new(&setup::bytes(path)?).text)
}

fn make(at: &GenerateAt, wish: &Wish) -> Result<Result<Generated, Refusal>, Failure> {
    let hosts = match targets(wish) {
        Ok(hosts) => hosts,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let used = used(at)?;
    let runtime = observe::runtime()?;
    let (ground, resolvers) = runtime.block_on(async {
        let dns = Dns::new(&at.resolver, at.timeout)?;
        Ok::<_, Failure>((ground::look(&dns, &at.domain, &hosts).await, dns.servers().to_vec()))
    })?;
    let vantage = Vantage {
        resolvers,
        roots: TrustStore::load(&RootSource::Mozilla, None)?.roots(),
        ipv4: Family::Available,
        ipv6: Family::Available,
        helo: String::new(),
        means: Means::default(),
    };
    Ok(generate(&ground, wish, &used, Facts::nothing(at.domain.clone(), setup::clock(), vantage)))
}

/// The ids that earlier checks saw.
fn used(at: &GenerateAt) -> Result<BTreeSet<String>, Failure> {
    if at.no_store {
        // Its faults stop a call without a store as well.
        Config::load(&at.store)?;
        return Ok(BTreeSet::new());
    }
    let Some(store) = Keep::of(&at.store)?.if_any()? else { return Ok(BTreeSet::new()) };
    Ok(store.history(&at.domain)?.ids().map(str::to_owned).collect())
}

fn print(generated: &Generated, format: GenerateFormat, file: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let text = match format {
        GenerateFormat::Zone => page::zone(generated, file),
        GenerateFormat::Fields => page::fields(generated, streams.width),
        GenerateFormat::Json => page::document(generated)?,
    };
    streams.out.write_all(text.as_bytes())?;
    streams.out.flush()?;
    if format != GenerateFormat::Json {
        write!(streams.err, "{}", page::notes(generated, streams.width))?;
        if format == GenerateFormat::Zone && file {
            let record = generated.records.iter().map(|record| escape::terminal(&record.zone)).collect::<Vec<_>>().join("\n");
            writeln!(streams.err, "- once this file is served byte for byte, publish its record:\n  {record}")?;
        } else if format == GenerateFormat::Zone
            && let Some(policy) = &generated.policy
        {
            writeln!(streams.err, "- these records are for this policy, to be served at {}:\n", policy.url)?;
            writeln!(streams.err, "{}", policy.text.lines().map(escape::terminal).collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(())
}
