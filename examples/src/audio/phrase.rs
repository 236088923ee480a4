//! The recording that the package ships, as it was made: a plucked string, with the faults of a cheap recorder.
//!
//! Each note is a burst of noise that goes round a delay line and loses its high frequencies on the way, which is how
//! Karplus and Strong modelled a string. Only additions and multiplications are used, so that every machine makes the
//! same samples.

use crate::random::Random;

/// Samples a second.
pub const PHRASE_RATE: u32 = 24_000;

/// The notes: the delay line's length in samples, which gives the pitch, at the phrase's rate. A minor, going up and
/// down again.
const NOTES: [usize; 8] = [109, 92, 73, 55, 61, 73, 82, 109];

/// Samples from one note to the next: half a second.
const NOTE_LENGTH: usize = 12_000;

/// What a string keeps with each round.
const DECAY: f32 = 0.996;

/// Level of the hiss, whose root mean square is this over the square root of 3.
const HISS: f32 = 0.004;

/// Level of the rumble: a triangle wave of 20 Hz.
const RUMBLE: f32 = 0.05;

/// Samples of the rumble's rising half.
const RUMBLE_HALF: usize = 600;

/// Four seconds of a plucked string, with rumble and hiss.
#[must_use]
pub fn phrase() -> Vec<i16> {
    let mut random = Random::new(0x57_21_96);
    let mut samples = Vec::with_capacity(NOTES.len() * NOTE_LENGTH);
    for period in NOTES {
        let mut string: Vec<f32> = (0..period).map(|_| random.sample()).collect();
        for at in 0..NOTE_LENGTH {
            let here = at % period;
            let next = (here + 1) % period;
            let tone = string[here];
            string[here] = DECAY * 0.5 * (tone + string[next]);
            let faults = random.sample() * HISS + rumble(samples.len()) * RUMBLE;
            samples.push(to_16_bits(tone * 0.7 + faults));
        }
    }
    samples
}

/// From -1 to 1 and back.
#[expect(clippy::cast_precision_loss, reason = "a position within one period is small")]
fn rumble(at: usize) -> f32 {
    let phase = at % (2 * RUMBLE_HALF);
    let rise = if phase < RUMBLE_HALF { phase } else { 2 * RUMBLE_HALF - phase };
    rise as f32 / RUMBLE_HALF as f32 * 2.0 - 1.0
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as a converter would")]
fn to_16_bits(sample: f32) -> i16 {
    (sample * 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Recording;
    use crate::cli::data_file;

    #[test]
    fn the_shipped_recording_is_this_one() {
        let shipped = Recording::read(&data_file("plucked_string.wav")).expect("the package ships it");
        assert_eq!(shipped.rate, PHRASE_RATE);
        assert!(shipped.samples == phrase(), "data/README.md says how to write the file again");
    }
}
