//! What goes over the wire: a kind, a number, and a payload or its sum.

/// The size of each request, in bytes.
pub(crate) const REQUEST: usize = 512;
/// The size of each answer, in bytes.
pub(crate) const ANSWER: usize = 17;

const REQUESTED: u8 = 0;
const DONE: u8 = 1;
const REFUSED: u8 = 2;

/// What the service says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done; with the sum of the payload.
    Done(u64, u64),
    /// There was no memory for it in time.
    Refused(u64),
}

/// Writes a request with this number, whose payload is made of the number.
pub(crate) fn write_request(packet: &mut [u8; REQUEST], number: u64) {
    packet[0] = REQUESTED;
    packet[1..9].copy_from_slice(&number.to_le_bytes());
    let mut byte = number.to_le_bytes()[0];
    for place in &mut packet[9..] {
        *place = byte;
        byte = byte.wrapping_mul(5).wrapping_add(1);
    }
}

/// The number of a request.
pub(crate) fn number_of(packet: &[u8]) -> Option<u64> {
    let (kind, rest) = packet.split_first()?;
    let number = rest.first_chunk()?;
    (*kind == REQUESTED && packet.len() == REQUEST).then(|| u64::from_le_bytes(*number))
}

/// The sum of a request's payload.
pub(crate) fn sum_of(packet: &[u8]) -> u64 {
    packet.iter().skip(9).fold(0, |sum, byte| sum * 3 % 0xFFFF_FFFB + u64::from(*byte))
}

pub(crate) fn write_answer(packet: &mut [u8; ANSWER], answer: Answer) {
    let (kind, number, sum) = match answer {
        Answer::Done(number, sum) => (DONE, number, sum),
        Answer::Refused(number) => (REFUSED, number, 0),
    };
    packet[0] = kind;
    packet[1..9].copy_from_slice(&number.to_le_bytes());
    packet[9..].copy_from_slice(&sum.to_le_bytes());
}

pub(crate) fn read_answer(packet: &[u8]) -> Option<Answer> {
    let packet: &[u8; ANSWER] = packet.try_into().ok()?;
    let word = |at: usize| packet[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    match packet[0] {
        DONE => Some(Answer::Done(word(1)?, word(9)?)),
        REFUSED => Some(Answer::Refused(word(1)?)),
        _ => None,
    }
}
