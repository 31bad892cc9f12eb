//! Other builds of a connector, made from its component: another version, or one that asks for more.

use wasmparser::Validator;

/// The version of the built connectors.
const VERSION: &[u8] = b"0.1.0";
/// What follows the version in the text of a manifest.
const VENDOR: &[u8] = b"Purser";

/// The same connector under another version of the same length.
///
/// # Panics
/// The component does not hold its version once.
pub fn with_version(component: &[u8], version: &str) -> Vec<u8> {
    let written = [VERSION, VENDOR].concat();
    let places: Vec<_> = component.windows(written.len()).enumerate().filter(|(_, part)| *part == written).collect();
    let [(place, _)] = places.as_slice() else { panic!("a version stands {} times in the component", places.len()) };
    assert_eq!(version.len(), VERSION.len());
    let mut other = component.to_vec();
    other[*place..*place + version.len()].copy_from_slice(version.as_bytes());
    other
}

/// The same connector, which also imports this interface.
///
/// # Panics
/// The component cannot be understood.
pub fn importing(component: &[u8], interface: &str) -> Vec<u8> {
    let with_type = |index: u32| {
        let name = [&[0][..], &counted(interface.as_bytes())].concat();
        let import = [vec![1], name, vec![5], leb(index)].concat();
        // An instance without functions: the one that is given may have more.
        [component.to_vec(), section(7, &[1, 0x42, 0]), section(10, &import)].concat()
    };
    // The new type is the last one there is.
    let is_there = |index: u32| match Validator::new().validate_all(&with_type(index)) {
        Ok(_) => true,
        Err(error) => !error.to_string().contains("out of bounds"),
    };
    let (mut there, mut beyond) = (0_u32, 10_000);
    while beyond - there > 1 {
        let middle = there.midpoint(beyond);
        if is_there(middle) { there = middle } else { beyond = middle }
    }
    with_type(there)
}

/// A component that takes the compiler minutes and gigabytes: so many functions, each nearly as long as one may be, whose
/// every step has an effect and needs the one before.
pub fn pathological(functions: u32) -> Vec<u8> {
    const LOCALS: u32 = 100;
    const STEPS: u32 = 450_000;
    let mut body = [leb(1), leb(LOCALS), vec![0x7f]].concat();
    for number in 0..STEPS {
        let (from, to) = (leb(number % LOCALS), leb(number * 7 % LOCALS));
        // to = load(from) + to; store(to, from)
        for part in [&[0x20][..], &from, &[0x28, 2, 0, 0x20], &to, &[0x6a, 0x22], &to, &[0x20], &from, &[0x36, 2, 0]] {
            body.extend_from_slice(part);
        }
    }
    body.push(0x0b);
    let many = |one: &[u8]| [leb(functions), one.repeat(functions as usize)].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &many(&[0])),
        section(5, &[1, 0, 1]),
        section(10, &many(&counted(&body))),
    ];
    let export = [&[1, 0][..], &counted(b"purser:connector/provisioning@0.1.0"), &[5, 0, 0]].concat();
    let component =
        [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module.concat()), section(5, &[1, 1, 0]), section(11, &export)];
    component.concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], counted(content)].concat()
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [leb(u32::try_from(bytes.len()).expect("it is short")), bytes.to_vec()].concat()
}

/// A number as WebAssembly writes it.
fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number as u8 & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
