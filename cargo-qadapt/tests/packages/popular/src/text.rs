//! Parsing and encoding, into and from buffers.
use base64::Engine as _;
use byteorder::{BigEndian, ByteOrder, ReadBytesExt, WriteBytesExt};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

const REQUEST: &[u8] =
    b"GET /orders?id=7 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n";

cases! {
    itoa_u64, Never, itoa::Buffer::new() => itoa::Buffer, |x, i| x.format(i as u64 * 12345).len();
    zmij_f64, Never, zmij::Buffer::new() => zmij::Buffer, |x, i| x.format(i as f64 / 3.0).len();
    byteorder_slice, Never, vec![1u8; 64] => Vec<u8>,
        |x, i| {
            BigEndian::write_u32(&mut x[4..8], i as u32);
            BigEndian::read_u64(&x[i..]) as usize
        };
    byteorder_cursor, Never, vec![1u8; 64] => Vec<u8>,
        |x, i| {
            let mut c = Cursor::new(&x[i..]);
            c.read_u16::<BigEndian>().map_or(0, usize::from) + c.read_u32::<BigEndian>().map_or(0, |v| v as usize)
        };
    byteorder_write, Never, [0; 16] => [u8; 16],
        |x, i| {
            let mut out = &mut x[..];
            let _ = out.write_u32::<BigEndian>(i as u32);
            out.len()
        };
    cursor_write, Never, [0; 32] => [u8; 32],
        |x, i| {
            let mut c = Cursor::new(&mut x[..]);
            let _ = c.write_all(b"head");
            let _ = c.write_all(&[i as u8; 8]);
            c.position() as usize
        };
    cursor_seek, Never, vec![1u8; 64] => Vec<u8>,
        |x, i| {
            let mut c = Cursor::new(x.as_slice());
            let _ = c.seek(SeekFrom::Start(i as u64));
            let mut b = [0; 8];
            c.read(&mut b).unwrap_or(0)
        };
    bytes_get, Never, vec![1u8; 64] => Vec<u8>,
        |x, i| {
            let mut b = &x[i..];
            b.get_u32() as usize + b.get_u16_le() as usize + b.remaining()
        };
    bytes_put, Never, [0; 64] => [u8; 64],
        |x, i| {
            let mut b = &mut x[..];
            b.put_u32(i as u32);
            b.put_slice(b"tail");
            b.remaining_mut()
        };
    bytesmut_put, Some, BytesMut::with_capacity(512) => BytesMut, |x, i| { x.put_u32(i as u32); x.len() };
    bytes_index, Never, Bytes::from(vec![1u8; 64]) => Bytes,
        |x, i| usize::from(x[i]) + x.iter().filter(|b| **b == 1).count();
    bytes_split, Some, Bytes::from(vec![1u8; 64]) => Bytes, |x, i| x.split_to(i % 2).len();
    httparse_request, Never, REQUEST.to_vec() => Vec<u8>,
        |x, i| {
            let mut h = [httparse::EMPTY_HEADER; 8];
            let mut r = httparse::Request::new(&mut h);
            match r.parse(&x[..x.len() - i % 3]) { Ok(httparse::Status::Complete(n)) => n + r.headers.len(), _ => 0 }
        };
    httparse_chunk, Never, b"1a;x=y\r\nabc".to_vec() => Vec<u8>,
        |x, i| match httparse::parse_chunk_size(&x[i % 2..]) {
            Ok(httparse::Status::Complete((at, size))) => at + size as usize,
            _ => 0,
        };
    uuid_encode, Never, uuid::Uuid::from_u128(7) => uuid::Uuid,
        |x, i| {
            let mut b = uuid::Uuid::encode_buffer();
            x.hyphenated().encode_lower(&mut b).len() + i
        };
    uuid_parse, Never, String::from("67e55044-10b1-426f-9247-bb680e5fe0c8") => String,
        |x, i| uuid::Uuid::try_parse(&x[..36 - i % 2]).map_or(0, |u| u.as_u128() as usize);
    hex_encode, Never, (vec![1u8; 8], [0; 16]) => (Vec<u8>, [u8; 16]),
        |x, i| { x.0[0] = i as u8; usize::from(hex::encode_to_slice(&x.0, &mut x.1).is_ok()) };
    hex_decode, Never, (b"00ff10ab".to_vec(), [0; 4]) => (Vec<u8>, [u8; 4]),
        |x, i| { let _ = hex::decode_to_slice(&x.0, &mut x.1); usize::from(x.1[i % 4]) };
    base64_encode, Never, (vec![1u8; 24], [0; 64]) => (Vec<u8>, [u8; 64]),
        |x, i| base64::engine::general_purpose::STANDARD.encode_slice(&x.0[i..], &mut x.1).unwrap_or(0);
    base64_decode, Never, (b"aGVsbG8gd29ybGQ=".to_vec(), [0; 64]) => (Vec<u8>, [u8; 64]),
        |x, i| base64::engine::general_purpose::STANDARD.decode_slice(&x.0, &mut x.1).unwrap_or(i);
    parse_u64, Never, String::from("123456789") => String,
        |x, i| x[i % 9..].parse::<u64>().map_or(0, |v| v as usize);
    parse_ip, Never, String::from("192.168.10.17:80") => String,
        |x, i| x[..16 - i % 2].parse::<std::net::SocketAddr>().map_or(0, |a| a.port() as usize);
    semver_parse, Some, String::from("1.23.4-rc.1") => String,
        |x, i| semver::Version::parse(&x[..6 + i % 2]).map_or(0, |v| v.minor as usize);
    lowercase, Never, b"Content-Type".to_vec() => Vec<u8>,
        |x, i| {
            x.make_ascii_uppercase();
            x[i % 12] = b'q';
            usize::from(x.eq_ignore_ascii_case(b"content-type"))
        };
}
