import CCurl

/// A host's addresses as libcurl takes them. It lives for as long as an easy handle may point to it.
final class AddressList {
  let list: UnsafeMutablePointer<curl_slist>
  let version: Int

  init(_ entry: String, version: Int) {
    guard let list = curl_slist_append(nil, entry) else { fatalError("out of memory") }
    self.list = list
    self.version = version
  }

  deinit {
    curl_slist_free_all(list)
  }
}

@available(*, unavailable)
extension AddressList: Sendable {}
