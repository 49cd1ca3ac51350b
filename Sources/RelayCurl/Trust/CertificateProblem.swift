import CTrust

/// Why a server's certificate is not believed.
struct CertificateProblem: Equatable, Sendable {
  /// OpenSSL's numbers for what can be told in more than its own words.
  enum Code {
    static let issuerMissing: Set = [2, 20, 21]
    static let selfSigned: Set = [18, 19]
    static let notYetValid = 9
    static let expired = 10
  }

  var code: Int
  /// OpenSSL's.
  var words: String
  /// Names as RFC 2253 writes them; of the certificate in question.
  var subject = ""
  var issuer = ""
  /// Times as RFC 3339 writes them.
  var validFrom = ""
  var validUntil = ""

  /// - Parameters:
  ///   - host: Who was asked.
  ///   - places: Where the authorities are that are believed.
  func message(host: String, places: String) -> String {
    "the certificate of \(host) is not believed: \(words)\(more(places))"
  }

  private func more(_ places: String) -> String {
    switch code {
    case _ where Code.issuerMissing.contains(code): "; \(issuer), which issued it, is not in \(places)"
    case _ where Code.selfSigned.contains(code): "; \(subject) is not in \(places)"
    case Code.notYetValid: "; \(subject) is valid from \(validFrom)"
    case Code.expired: "; \(subject) was valid until \(validUntil)"
    default: subject.isEmpty ? "" : "; it is about \(subject)"
    }
  }
}

extension CertificateProblem {
  init(_ problem: UnsafePointer<ctrust_problem>) {
    let problem = problem.pointee
    self.init(
      code: Int(problem.code), words: String(cString: problem.words), subject: Self.text(problem.subject),
      issuer: Self.text(problem.issuer), validFrom: Self.text(problem.not_before),
      validUntil: Self.text(problem.not_after))
  }

  /// A C array of characters, which Swift sees as a tuple.
  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
