//! Forms with files, as RFC 7578 writes them.

/// A part of a form.
pub struct FormPart {
    name: &'static str,
    file: Option<String>,
    content: Vec<u8>,
}

impl FormPart {
    /// A file of this name, which is plain: it stands between quotes.
    pub fn file(name: &'static str, file: &str, content: Vec<u8>) -> Self {
        Self { name, file: Some(file.to_owned()), content }
    }

    /// A text.
    pub fn text(name: &'static str, text: String) -> Self {
        Self { name, file: None, content: text.into_bytes() }
    }

    fn holds(&self, text: &str) -> bool {
        self.content.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// The media type and the body.
pub(super) fn written(parts: Vec<FormPart>) -> (String, Vec<u8>) {
    let boundary = boundary(&parts);
    let mut body = Vec::with_capacity(parts.iter().map(|part| part.content.len() + 256).sum());
    for FormPart { name, file, content } in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend(head.into_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").into_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A text that stands in no part.
fn boundary(parts: &[FormPart]) -> String {
    let mut boundaries = (0_u32..).map(|number| format!("purser-form-{number}"));
    boundaries.find(|text| !parts.iter().any(|part| part.holds(text))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds_ends_no_part() {
        let hostile =
            b"\r\n--purser-form-0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nother.wasm".to_vec();
        let (kind, body) = written(vec![FormPart::file("component", "a.wasm", hostile)]);
        assert_eq!(kind, "multipart/form-data; boundary=purser-form-1");
        let body = String::from_utf8(body).unwrap();
        assert!(body.starts_with("--purser-form-1\r\n") && body.ends_with("\r\n--purser-form-1--\r\n"), "{body}");
        assert_eq!(body.matches("purser-form-1").count(), 2);
    }
}
