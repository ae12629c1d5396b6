//! `offprint search`

use std::io::{self, BufRead as _, BufWriter, Write as _};

use anyhow::Result;

use super::args::{Global, Search};
use super::exit::Exit;
use super::terminal::say;
use crate::release::fetch::Source;
use crate::release::search::analyse::Analyser;
use crate::release::search::evaluate::{Answer, Wanted};
use crate::release::search::query::Query;
use crate::release::search::reader::{Reading, Searcher};

pub(super) fn run(global: &Global, search: &Search) -> Result<Exit> {
    let mut analyser = Analyser::new();
    if search.tokens {
        return print_tokens(&mut analyser);
    }
    let source = Source::open(&search.root);
    let query = Query::parse(&search.query.join(" "), &mut analyser);
    let mut searcher = Searcher::open(&source, query.all_versions)?;
    let wanted = Wanted {
        offset: search.offset,
        limit: search.limit,
        newest: search.newest,
        reading: Reading::Complete,
    };
    let tables = source.traffic();
    let answer = searcher.search(&query, wanted, &mut analyser)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if global.json {
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    } else {
        tell(&answer, search.offset, &mut out)?;
    }
    out.flush()?;
    let all = source.traffic();
    say(
        !search.stats,
        format_args!(
            "{} rounds, {} requests, {} bytes, after {} requests, {} bytes of tables",
            answer.rounds,
            all.requests - tables.requests,
            all.bytes - tables.bytes,
            tables.requests,
            tables.bytes
        ),
    );
    Ok(Exit::Success)
}

fn tell(answer: &Answer, offset: usize, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "{} record{}", answer.total, if answer.total == 1 { "" } else { "s" })?;
    for (at, hit) in answer.hits.iter().enumerate() {
        writeln!(out, "\n{}. {}", offset + at + 1, hit.title)?;
        let more = if hit.more_creators > 0 { " and others" } else { "" };
        writeln!(out, "   {}{more}; {}; {}, {}", hit.creators, hit.date, hit.kind, hit.access)?;
        writeln!(out, "   records/{}", hit.id)?;
    }
    for (facet, values) in answer.facets.iter().filter(|(_, values)| !values.is_empty()) {
        let told: Vec<String> =
            values.iter().take(8).map(|(value, count)| format!("{value} {count}")).collect();
        writeln!(out, "\n{facet}: {}", told.join(", "))?;
    }
    Ok(())
}

/// For each line of standard input its tokens and stems, as the vectors of the analyser have
/// them.
fn print_tokens(analyser: &mut Analyser) -> Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        // A JSON string, so that a text may hold line ends; or the text itself.
        let text = serde_json::from_str::<String>(&line).unwrap_or(line);
        let tokens = analyser.collect(&text);
        let stems: Vec<_> = tokens.iter().map(|token| analyser.stem(token)).collect();
        let told = serde_json::json!({ "text": text, "tokens": tokens, "stems": stems });
        writeln!(out, "{told}")?;
    }
    out.flush()?;
    Ok(Exit::Success)
}
