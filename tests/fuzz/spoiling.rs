//! Inputs made out of seeds: bits turned, pieces taken out, doubled and brought in from elsewhere, words of the format put where they do
//! not belong.

/// What is trouble in nearly every format.
const TROUBLE: [&[u8]; 22] = [
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b";",
    b"=",
    b"\"",
    b",",
    b":",
    b".",
    b"\\",
    b"(",
    b"{",
    b"[",
    b"99999999999999999999",
    b"-1",
    b"null",
    "\u{202e}".as_bytes(),
    "é".as_bytes(),
];

/// Spoils seeds; the same number gives the same inputs.
pub(super) struct Spoiler {
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    state: u64,
}

impl Spoiler {
    pub(super) fn new(seeds: Vec<Vec<u8>>, words: Vec<Vec<u8>>, number: u64) -> Self {
        Self { seeds, words, state: number ^ 0x9E37_79B9_7F4A_7C15 }
    }

    /// The next input.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        for _ in 0..=self.below(6) {
            self.spoil(&mut input);
        }
        input
    }

    fn spoil(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(40)).min(input.len());
        match self.below(8) {
            0 => {
                let bit = self.below(8);
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = input[at..end].repeat(1 + self.below(4));
                input.splice(at..at, piece);
            }
            3 => {
                let from = self.seed();
                let begin = self.below(from.len() + 1);
                let piece = from[begin..(begin + self.below(200)).min(from.len())].to_vec();
                input.splice(at..end, piece);
            }
            4 => input.truncate(at),
            5 => drop(input.splice(at..at, TROUBLE[self.below(TROUBLE.len())].iter().copied())),
            _ if self.words.is_empty() => {}
            kind => {
                let number = self.below(self.words.len());
                let word = self.words[number].clone();
                let over = if kind == 6 { at } else { (at + word.len()).min(input.len()) };
                input.splice(at..over, word);
            }
        }
    }

    fn seed(&mut self) -> Vec<u8> {
        let number = self.below(self.seeds.len());
        self.seeds[number].clone()
    }

    /// A number below `end`, by Marsaglia's xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap() % end
    }
}

/// The words of a dictionary of libFuzzer: one a line, in quotes, with `\xAB` for bytes.
pub(super) fn words(dictionary: &str) -> Vec<Vec<u8>> {
    dictionary.lines().map(|line| word(line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap())).collect()
}

fn word(written: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = written;
    while let Some((before, escaped)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&escaped[..2], 16).unwrap());
        rest = &escaped[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
