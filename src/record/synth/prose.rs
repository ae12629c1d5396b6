//! Text with the statistics of real text: Zipfian words, recurring pairs, bursts, sentences.

use super::rng::{Rng, mix};
use super::tongues::Tongue;
use super::words::FUNCTION;

/// Octaves of the vocabulary: 2^16 words, as many as a large dictionary.
const OCTAVES: u32 = 16;
/// Words that a record keeps returning to.
const TOPIC_WORDS: u64 = 10;

/// Writes words of one record in one language.
///
/// Two words in five follow from the word before (each word has a few favourite successors,
/// the same in every record), some from the record's own topic, the rest from the whole
/// vocabulary. That is what makes compressed size come out as for real descriptions.
pub(super) struct Prose {
    rng: Rng,
    tongue: Tongue,
    topic: u64,
    previous: usize,
}

impl Prose {
    /// Text of one field; `topic` is the same for all fields of a record.
    pub(super) fn new(rng: Rng, tongue: Tongue, topic: u64) -> Self {
        Prose { rng, tongue, topic, previous: 0 }
    }

    /// The stream behind the words, for decisions that belong to the text.
    pub(super) const fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Appends one word.
    pub(super) fn word(&mut self, out: &mut String) {
        let rank = self.rank();
        self.previous = rank;
        push_word(self.tongue, rank, out);
    }

    /// Appends a word that carries meaning, for keywords and names.
    pub(super) fn content_word(&mut self, out: &mut String) {
        let rank = self.topic_rank();
        push_word(self.tongue, rank, out);
    }

    /// Appends one sentence with its stop.
    pub(super) fn sentence(&mut self, out: &mut String) {
        let start = out.len();
        let words = self.rng.between(6, 26);
        for i in 0..words {
            if i > 0 {
                if self.rng.chance(6_000) && !self.tongue.space.is_empty() {
                    out.push(',');
                }
                out.push_str(self.tongue.space);
            }
            if self.rng.chance(2_500) { self.number(out) } else { self.word(out) }
        }
        capitalise(out, start);
        out.push_str(self.tongue.stop);
    }

    /// Appends sentences until about `chars` characters are there; ends at a word.
    pub(super) fn passage(&mut self, chars: usize, out: &mut String) {
        let start = out.len();
        let mut counted = 0;
        let mut from = start;
        while counted < chars {
            self.sentence(out);
            counted += out[from..].chars().count();
            from = out.len();
        }
        let excess = counted - chars;
        if let Some((at, _)) = out[start..].char_indices().rev().nth(excess) {
            let cut = start + at;
            let space =
                if self.tongue.space.is_empty() { None } else { out[start..cut].rfind(' ') };
            let end = space.map_or(cut, |space| start + space);
            out.truncate(if end > start { end } else { cut });
            let tidy = out[start..].trim_end_matches([' ', ',', '.']).len();
            out.truncate(start + tidy);
        }
    }

    /// Appends a title of about `chars` characters: no stop, capital first.
    pub(super) fn title(&mut self, chars: usize, out: &mut String) {
        let start = out.len();
        let mut counted = 0;
        while counted < chars {
            let from = out.len();
            if counted > 0 {
                if self.rng.chance(4_000) && !self.tongue.space.is_empty() {
                    out.push(':');
                }
                out.push_str(self.tongue.space);
            }
            if self.rng.chance(50_000) {
                self.content_word(out)
            } else {
                self.word(out)
            }
            counted += out[from..].chars().count();
        }
        capitalise(out, start);
    }

    fn number(&mut self, out: &mut String) {
        let number = match self.rng.below(4) {
            0 => self.rng.between(1950, 2026).to_string(),
            1 => format!("{}.{}", self.rng.below(100), self.rng.below(100)),
            2 => format!("{} %", self.rng.below(101)),
            _ => self.rng.between(2, 900).to_string(),
        };
        out.push_str(&number);
    }

    fn rank(&mut self) -> usize {
        let rank = match self.rng.below(100) {
            0..=37 => {
                // The favourite successor three times in five, and so on down.
                let mut choice = 0;
                while choice < 5 && self.rng.chance(45_000) {
                    choice += 1;
                }
                Rng::new(self.previous as u64, choice, 1).zipf(OCTAVES)
            }
            38..=53 => self.topic_rank(),
            _ => self.rng.zipf(OCTAVES),
        };
        if rank == self.previous { rank + 1 } else { rank }
    }

    fn topic_rank(&mut self) -> usize {
        let word = self.rng.below(TOPIC_WORDS);
        let mut rng = Rng::new(self.topic, word, 2);
        FUNCTION.len() + rng.zipf(OCTAVES - 2)
    }
}

/// Appends the word of that frequency rank.
fn push_word(tongue: Tongue, rank: usize, out: &mut String) {
    if let Some(word) = tongue.function.get(rank) {
        return out.push_str(word);
    }
    let rank = rank - tongue.function.len();
    if let Some(word) = tongue.content.get(rank) {
        return out.push_str(word);
    }
    if tongue.tails.is_empty() {
        return out.push_str(tongue.heads[rank % tongue.heads.len()]);
    }
    let bits = mix(rank as u64) as usize;
    out.push_str(tongue.heads[bits % tongue.heads.len()]);
    if !tongue.middles.is_empty() {
        out.push_str(tongue.middles[(bits >> 16) % tongue.middles.len()]);
    }
    out.push_str(tongue.tails[(bits >> 32) % tongue.tails.len()]);
}

fn capitalise(out: &mut String, start: usize) {
    if let Some(first) = out[start..].chars().next()
        && first.is_ascii_lowercase()
    {
        let mut upper = [0; 1];
        let text = first.to_ascii_uppercase().encode_utf8(&mut upper);
        out.replace_range(start..start + 1, text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tongues::{ENGLISH, TONGUES};
    use super::*;

    #[test]
    fn passages_have_the_asked_length_in_every_language() {
        for &tongue in TONGUES.iter().chain([&ENGLISH]) {
            for chars in [1, 30, 500, 3_000] {
                let mut out = String::new();
                Prose::new(Rng::new(5, chars as u64, 0), tongue, 9).passage(chars, &mut out);
                let length = out.chars().count();
                assert!(length <= chars && length + 60 > chars, "{} {length}/{chars}", tongue.id);
            }
        }
    }

    #[test]
    fn words_are_zipfian() {
        let mut prose = Prose::new(Rng::new(1, 1, 1), ENGLISH, 4);
        let mut out = String::new();
        prose.passage(60_000, &mut out);
        let words: Vec<&str> = out.split_whitespace().collect();
        let the = words.iter().filter(|word| **word == "the").count() * 100 / words.len();
        assert!((2..=12).contains(&the), "{the} % are `the`");
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert!((800..5_000).contains(&distinct.len()), "{} distinct", distinct.len());
    }
}
