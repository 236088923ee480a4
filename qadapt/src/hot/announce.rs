//! What is said at the event itself: written to standard error from a buffer on the stack, without allocating.

use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, Ordering};

use super::capture::Captured;
use super::request::Request;
use crate::model::{Op, Place, SystemCall};
use crate::sys;

/// Text gathered in a fixed buffer and written to standard error in one call; what does not fit is cut.
pub(super) struct Line {
    bytes: [u8; 2048],
    used: usize,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 2048], used: 0 }
    }

    // Each message is said once: its size matters, and not its speed.
    #[inline(never)]
    pub(super) fn text(&mut self, text: &[u8]) -> &mut Self {
        for &byte in text {
            // The last byte is kept for the end of the line.
            if self.used + 1 >= self.bytes.len() {
                break;
            }
            if let Some(place) = self.bytes.get_mut(self.used) {
                *place = byte;
                self.used += 1;
            }
        }
        self
    }

    pub(super) fn decimal(&mut self, number: usize) -> &mut Self {
        self.number(number, 10)
    }

    pub(super) fn hexadecimal(&mut self, number: usize) -> &mut Self {
        self.text(b"0x").number(number, 16)
    }

    #[inline(never)]
    fn number(&mut self, number: usize, base: usize) -> &mut Self {
        let mut divisor = 1;
        while number / divisor >= base {
            divisor *= base;
        }
        while divisor > 0 {
            let digit = (number / divisor) % base;
            if let Some(digit) = b"0123456789abcdef".get(digit) {
                self.text(&[*digit]);
            }
            divisor /= base;
        }
        self
    }

    pub(super) fn so_far(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    /// Ends the line and writes it. A failing write is passed over: there is nobody to tell.
    pub(super) fn write(&mut self) {
        if let Some(place) = self.bytes.get_mut(self.used) {
            *place = b'\n';
            self.used += 1;
        }
        if !is_read() {
            return;
        }
        let _ = sys::write_error(self.so_far());
    }
}

/// Milliseconds that a line waits for whoever reads standard error, until one has waited in vain.
const PATIENCE: c_int = 1000;

/// Nobody has read standard error in time. Relaxed: it only spares waits.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// True as soon as a line can be written to standard error, or is known to fail; false where neither is so in time:
/// whoever reads it has stopped, and the write would wait for ever. After that nothing waits until it is read again.
pub(crate) fn is_read() -> bool {
    let patience = if UNREAD.load(Ordering::Relaxed) { 0 } else { PATIENCE };
    // A signal ends the wait: whoever sends them without end gets some waits that are short, and no more than these.
    for _ in 0..10 {
        if let Some(is_ready) = sys::wait_for_error(patience) {
            UNREAD.store(!is_ready, Ordering::Relaxed);
            return is_ready;
        }
    }
    true
}

/// Writes what happened, where, and the raw stack, a line a frame.
pub(super) fn violation(request: &Request, stack: &Captured, place: Option<Place>, closing: &[&[u8]]) {
    let mut line = Line::new();
    line.text(b"qadapt: ");
    describe(&mut line, request, place);
    for part in closing {
        line.text(part);
    }
    line.write();
    for &address in stack.frames() {
        let mut line = Line::new();
        line.text(b"  ");
        locate(&mut line, address);
        line.write();
    }
}

/// Writes in one line which request got no memory, and the addresses nearest to it.
pub(super) fn refusal(request: &Request, stack: &Captured, place: Option<Place>) {
    let mut line = Line::new();
    line.text(b"qadapt: no memory for the ");
    describe(&mut line, request, place);
    line.text(b"; called from");
    for &address in stack.frames() {
        line.text(b" ");
        locate(&mut line, address);
    }
    line.write();
}

fn describe(line: &mut Line, request: &Request, place: Option<Place>) {
    line.text(request.op.noun().as_bytes()).text(b" of ");
    if request.op == Op::SystemCall {
        describe_call(line, &SystemCall::unpacked(request.size, request.old_size));
    } else {
        line.decimal(request.size);
        line.text(if request.size == 1 { b" byte" } else { b" bytes" })
            .text(b" (align ")
            .decimal(request.align)
            .text(b")");
    }
    line.text(b" in ");
    let Some(place) = place else {
        line.text(b"a protected region");
        return;
    };
    line.text(b"the protected region ");
    if !place.name.is_none() {
        line.text(b"`");
        place.name.for_each_piece(|piece| {
            line.text(piece.as_bytes());
        });
        line.text(b"` ");
    }
    line.text(b"entered at ").text(place.location.file().as_bytes()).text(b":");
    line.decimal(place.location.line() as usize).text(b":").decimal(place.location.column() as usize);
}

/// What `Display` writes.
fn describe_call(line: &mut Line, call: &SystemCall) {
    line.text(call.name().as_bytes()).text(b" (").text(call.class.word().as_bytes());
    if let Some((before, number, after)) = call.argument() {
        line.text(b", ").text(before.as_bytes()).text(if before.is_empty() { b"" } else { b" " });
        line.decimal(usize::try_from(number).unwrap_or(usize::MAX)).text(after.as_bytes());
    }
    line.text(if call.by_allocator { b", by the allocator)" } else { b")" });
}

/// `0xADDRESS program+0x1234`, where `addr2line -e program 0x1234` names the line.
fn locate(line: &mut Line, address: usize) {
    line.hexadecimal(address);
    // A frame's address is the one it returns to; the call is the byte before.
    sys::locate(address.saturating_sub(1), |module, offset| {
        line.text(b" ").text(module).text(b"+").hexadecimal(offset);
    });
}
