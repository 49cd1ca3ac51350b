import CCurl
import RelayCore

/// A list of texts as libcurl takes them. It must live as long as a handle may use it. Confined to the curl thread.
final class CurlList {
  let head: UnsafeMutablePointer<curl_slist>

  /// - Parameter texts: At least one.
  init(_ texts: [String]) {
    var list: UnsafeMutablePointer<curl_slist>?
    for text in texts {
      guard let longer = curl_slist_append(list, text) else { fatalError("out of memory") }
      list = longer
    }
    head = list!
  }

  deinit {
    curl_slist_free_all(head)
  }

  /// A header as libcurl wants it told: it takes `name:` for the wish not to send this header at all, and `name;` for an
  /// empty one.
  static func headerLine(_ header: String) -> String {
    guard let last = header.utf8.last, last == UInt8(ascii: " ") || last == UInt8(ascii: ":"),
      let colon = header.firstIndex(of: ":"), header[colon...].dropFirst().allSatisfy({ $0 == " " })
    else { return header }
    return header[..<colon] + ";"
  }
}

@available(*, unavailable)
extension CurlList: Sendable {}

/// The header list of a transfer: one node that holds all lines of the request, before those of the endpoint.
///
/// libcurl looks through the list for each header that it might add itself, and formats it byte by byte. It sends what a
/// node holds as it is, so that all lines may stand in one; the first is the content type, which libcurl must find. A node
/// and its text are the transfer's own, and used for one request after another: libcurl copies neither. Confined to the
/// curl thread.
final class HeaderList {
  private let node = UnsafeMutablePointer<curl_slist>.allocate(capacity: 1)
  private var text = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 1)

  deinit {
    node.deallocate()
    text.deallocate()
  }

  /// Replaces the lines.
  ///
  /// - Parameter rest: What follows them; it must live as long as the list is used.
  /// - Returns: The list's head; it lasts until the next call.
  func load(_ lines: HeaderLines, before rest: CurlList) -> UnsafeMutablePointer<curl_slist> {
    let count = lines.bytes.count
    guard count > 0 else { return rest.head }
    if text.count <= count {
      text.deallocate()
      text = .allocate(byteCount: count + 1, alignment: 1)
    }
    text.copyBytes(from: lines.bytes)
    text[count] = 0
    let start = text.baseAddress!.assumingMemoryBound(to: CChar.self)
    node.initialize(to: curl_slist(data: start, next: rest.head))
    return node
  }
}

@available(*, unavailable)
extension HeaderList: Sendable {}
