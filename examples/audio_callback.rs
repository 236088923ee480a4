//! An audio effect that must not allocate, over a real recording, block by block as a driver would call it.
//!
//! `cargo run -p qadapt-examples --example audio_callback` finds nothing. With `-- --hidden-allocation` one call in
//! the effect is swapped for its convenient twin, and the report names its line. With `-- --hidden-drop` a part of the
//! effect is replaced half way, and the old one's memory is freed in the callback; with `-- --deferred-drop` it waits, and
//! nothing is freed there, in release neither. Sound must not stop for a report, so violations are logged;
//! `QADAPT_MODE=panic` makes the first one fatal. Exit codes: 0 clean, 1 violations, 2 could not run.

use std::alloc::System;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use qadapt::{Amount, Deferring, Qadapt};
use qadapt_examples::audio::{
    BLOCK, Callback, PHRASE_RATE, Recording, Settings, SpectralGate, decibels, peak, phrase,
};
use qadapt_examples::cli::{HOW_TO_MEASURE, data_file};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

const USAGE: &str = "arguments: [--hidden-allocation | --hidden-drop | --deferred-drop] [FILE.wav], or --generate FILE.wav to write the recording that \
                     the package ships";

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("audio_callback: {error}");
            ExitCode::from(2)
        }
    }
}

/// How the gate is replaced half way.
type Replace = fn(&mut Callback, SpectralGate);

/// Does what the arguments ask for and returns the number of violations.
fn run() -> Result<u64, Box<dyn Error>> {
    let mut hidden_allocation = false;
    let mut replace: Option<Replace> = None;
    let mut input = data_file("plucked_string.wav");
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--hidden-allocation") => hidden_allocation = true,
            Some("--hidden-drop") => replace = Some(Callback::replace_gate),
            Some("--deferred-drop") => replace = Some(Callback::replace_gate_and_defer),
            Some("--generate") => {
                let path = PathBuf::from(arguments.next().ok_or(USAGE)?);
                Recording { rate: PHRASE_RATE, samples: phrase() }.write(&path)?;
                return Ok(0);
            }
            Some(option) if option.starts_with('-') => return Err(format!("{option}? {USAGE}").into()),
            _ => input = argument.into(),
        }
    }
    if std::env::var_os("QADAPT_MODE").is_none() {
        qadapt::set_mode(qadapt::Mode::Log);
    }

    let recording = Recording::read(&input)?;
    println!("input       {}: {} samples, {} Hz", input.display(), recording.samples.len(), recording.rate);
    let settings =
        Settings { rate: recording.rate, lowest: 70.0, hiss: 0.0025, ceiling: 0.5, hidden_allocation };
    let mut callback =
        Callback::new(&settings).map_err(|fault| format!("the high-pass filter: {fault:?}"))?;
    let mut samples = recording.normalised();
    println!("peak in     {:.1} dB", decibels(peak(&samples)));
    let replacement = replace.map(|replace| (replace, SpectralGate::new(2.0 * settings.hiss)));
    let blocks = play(&mut callback, &mut samples, replacement);
    // A program that goes on has a `qadapt::Reclaimer` do it.
    let given_back = qadapt::reclaim(Amount::ALL);
    println!("peak out    {:.1} dB", decibels(peak(&samples)));
    println!("blocks      {blocks} of {BLOCK} samples");
    println!("deferred    {} blocks, {} bytes", given_back.blocks, given_back.bytes);
    if qadapt::is_active() {
        println!("violations  {}", qadapt::violations());
    } else {
        println!("violations  {HOW_TO_MEASURE}");
    }
    Ok(qadapt::violations())
}

/// Hands the recording to the callback, block by block, the last one filled up with silence, and returns how many. Half way
/// the gate is replaced, if one is given.
fn play(
    callback: &mut Callback,
    samples: &mut [f32],
    mut replacement: Option<(Replace, SpectralGate)>,
) -> usize {
    let half = samples.len() / BLOCK / 2;
    let mut blocks = 0;
    for chunk in samples.chunks_mut(BLOCK) {
        if let Some((replace, gate)) = replacement.take_if(|_| blocks == half) {
            replace(callback, gate);
        }
        let mut block = [0.0; BLOCK];
        block[..chunk.len()].copy_from_slice(chunk);
        callback.process(&mut block);
        chunk.copy_from_slice(&block[..chunk.len()]);
        blocks += 1;
    }
    blocks
}
