/// A header as libcurl wants it told.
enum HeaderLine {
  /// libcurl takes `name:` for the wish not to send this header at all, and `name;` for an empty one.
  static func forCurl(_ header: String) -> String {
    guard let last = header.utf8.last, last == UInt8(ascii: " ") || last == UInt8(ascii: ":"),
      let colon = header.firstIndex(of: ":"), header[colon...].dropFirst().allSatisfy({ $0 == " " })
    else { return header }
    return header[..<colon] + ";"
  }
}
