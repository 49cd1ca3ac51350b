/// A request for a file, and its bounds.
package struct AttachmentFetch: Sendable {
  /// Absolute, `https`.
  package var url: Secret
  /// The host that was read in it, and no other.
  package var host: String
  /// Which addresses may be connected to.
  package var addressGuard: AddressGuard
  package var maxBytes: Int
  /// For all of it.
  package var timeout: Duration

  package init(url: Secret, host: String, addressGuard: AddressGuard, maxBytes: Int, timeout: Duration) {
    self.url = url
    self.host = host
    self.addressGuard = addressGuard
    self.maxBytes = maxBytes
    self.timeout = timeout
  }
}

/// What became of one request.
package enum AttachmentAnswer: Sendable, Equatable {
  /// 200, and all of its body has been handed over. `contentType`: as it was sent; nil: it was not.
  case whole(contentType: String?)
  /// Another status; nothing was handed over. `location`: where a redirect leads, absolute; nil: it says none.
  case status(Int, location: Secret?)
  /// Every address of the host is one that is not connected to: what it is, for people.
  case refusedAddress(String)
  /// It says that it is longer than allowed, or is.
  case tooLarge
  /// Nobody wants it any more, or what takes the bytes can't.
  case stopped
  /// No answer, or not all of one: why, for people. Names no link.
  case failed(String)
}

/// Asks for files over the network, one request at a time. Blocks its thread; from any thread.
package protocol AttachmentFetcher: Sendable {
  /// Makes one request. Redirects are told, not followed.
  ///
  /// - Parameters:
  ///   - isWanted: Asked about once a second.
  ///   - take: Is given the body of a 200, piece by piece; false: no more.
  func fetch(
    _ fetch: AttachmentFetch, isWanted: @escaping () -> Bool, take: @escaping (UnsafeRawBufferPointer) -> Bool
  ) -> AttachmentAnswer
}
