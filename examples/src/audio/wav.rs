//! Recordings in WAV files: mono, 16 bits a sample.

use core::fmt;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// A recording in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not mono with 16 bits a sample.
    pub fn read(path: &Path) -> Result<Self, WavError> {
        let error = |fault: String| WavError { path: path.to_owned(), fault };
        let reader = WavReader::open(path).map_err(|fault| error(fault.to_string()))?;
        let spec = reader.spec();
        if spec != Self::spec(spec.sample_rate) {
            return Err(error(format!(
                "it has {} channels of {} bits a sample; only mono with 16 bits is understood",
                spec.channels, spec.bits_per_sample
            )));
        }
        let samples =
            reader.into_samples().collect::<Result<_, _>>().map_err(|fault| error(fault.to_string()))?;
        Ok(Self { rate: spec.sample_rate, samples })
    }

    /// Writes a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WavError> {
        let written = WavWriter::create(path, Self::spec(self.rate)).and_then(|mut writer| {
            self.samples.iter().try_for_each(|&sample| writer.write_sample(sample))?;
            writer.finalize()
        });
        written.map_err(|fault| WavError { path: path.to_owned(), fault: fault.to_string() })
    }

    /// The samples, from -1 up to, not including, 1.
    #[must_use]
    pub fn normalised(&self) -> Vec<f32> {
        self.samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()
    }

    const fn spec(sample_rate: u32) -> WavSpec {
        WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int }
    }
}

/// A recording that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavError {
    path: PathBuf,
    fault: String,
}

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl std::error::Error for WavError {}
