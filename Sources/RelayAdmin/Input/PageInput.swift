/// Which page of a list.
package struct PageInput: Input {
  @Field("At most so many in the answer; 50 without it.", .range(1...500)) package var limit: Int?
  @Field("The `next` of the page before.", .form(.number)) package var after: String?

  package init() {}
}

extension PageInput {
  /// Of a page, where nobody has said.
  static let defaultLimit = 50

  var size: Int { limit ?? Self.defaultLimit }

  /// - Returns: nil: the first page is meant.
  /// - Throws: 400.
  func cursor() throws(APIError) -> Int64? { try Self.cursor(after) }

  static func cursor(_ after: String?) throws(APIError) -> Int64? {
    guard let after else { return nil }
    if let number = Int64(givenNumber: after) { return number }
    throw .invalidRequest("'after' is '\(after.prefix(100))'; take it from the 'next' of the page before")
  }
}

extension Int64 {
  /// A number that the relay has given somebody, as it was written then: `TextForm.number`.
  init?(givenNumber text: String) {
    guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text == "0" || !text.hasPrefix("0")
    else { return nil }
    self.init(text)
  }
}
