//! Bytes and text that are looked for.
use aho_corasick::AhoCorasick;
use memchr::memmem;

const LOG: &[u8] =
    b"2026-01-02T03:04:05Z host=alpha level=warn user=12 msg=\"queue is full\" took=17ms\n2026 next";

fn log() -> Vec<u8> {
    LOG.repeat(3)
}

cases! {
    memchr_one, Never, log() => Vec<u8>, |x, i| memchr::memchr(b'a' + i as u8, x).unwrap_or(0);
    memchr_three, Never, log() => Vec<u8>, |x, i| memchr::memchr3(b'=', b'"', i as u8, x).unwrap_or(0);
    memchr_lines, Never, log() => Vec<u8>, |x, i| memchr::memchr_iter(b'\n', x).map(|at| at ^ i).sum();
    memrchr_last, Never, log() => Vec<u8>, |x, i| memchr::memrchr(b'a' + i as u8, x).unwrap_or(0);
    memmem_finder, Never, (log(), memmem::Finder::new("level=").into_owned())
        => (Vec<u8>, memmem::Finder<'static>),
        |x, i| x.1.find(&x.0[i..]).unwrap_or(0);
    memmem_once, Never, log() => Vec<u8>, |x, i| memmem::find(&x[i..], b"took=").unwrap_or(0);
    aho_is_match, Never, (log(), AhoCorasick::new(["error", "fatal", "full"]).unwrap())
        => (Vec<u8>, AhoCorasick),
        |x, i| usize::from(x.1.is_match(&x.0[i..]));
    aho_find, Never, (log(), AhoCorasick::new(["warn", "user", "took"]).unwrap()) => (Vec<u8>, AhoCorasick),
        |x, i| x.1.find(&x.0[i..]).map_or(0, |m| m.start());
    utf8_simd, Never, log() => Vec<u8>, |x, i| simdutf8::basic::from_utf8(&x[i..]).map_or(0, str::len);
    utf8_std, Never, log() => Vec<u8>, |x, i| std::str::from_utf8(&x[i..]).map_or(0, str::len);
    str_find_char, Never, String::from("key=value;other=thing") => String,
        |x, i| x[i.min(9)..].find('=').unwrap_or(0);
    str_find_text, Never, String::from("key=value;other=thing") => String,
        |x, i| x[i.min(9)..].find("thing").unwrap_or(i);
    str_split, Never, String::from("12,13,14,x,15") => String,
        |x, i| x.split(',').filter_map(|n| n.parse::<usize>().ok()).sum::<usize>() + i;
    graphemes, Never, String::from("naïve e\u{301}tude 🇨🇭 done") => String,
        |x, i| unicode_segmentation::UnicodeSegmentation::graphemes(x.as_str(), true).count() + i;
    slice_binary_search, Never, (0..100u32).collect() => Vec<u32>,
        |x, i| x.binary_search(&(i as u32 * 7)).unwrap_or_else(|at| at);
}
