import RelayJSON
import RelayText

/// What a token server gives for a client's credentials (RFC 6749, section 5).
package struct AccessToken: Sendable, Equatable {
  package var value: Secret
  /// How long it counts, from when it was asked for.
  package var lifetime: Duration

  /// Where the server does not say (`expires_in`): until the destination refuses it, and no longer than this.
  package static let defaultLifetime = Duration.seconds(3_600)
  /// What a server says is believed within these bounds.
  package static let lifetimes: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
  /// A longer one fits into no header that servers take.
  package static let longestValue = 8 << 10
  /// A longer answer is none.
  package static let longestAnswer = 64 << 10

  package init(value: Secret, lifetime: Duration = defaultLifetime) {
    self.value = value
    self.lifetime = lifetime
  }
}

extension AccessToken {
  /// Why an answer holds no token: words for people, without what is secret.
  package struct Refusal: Error, Equatable {
    package var words: String
  }

  /// - Parameter client: Who has asked: what an answer repeats of its secret is not told.
  package static func read(
    status: Int, body: [UInt8], for client: OAuth2Client
  ) -> Result<AccessToken, Refusal> {
    guard (200..<300).contains(status) else {
      let error = errorWords(in: body, hiding: client.toldSecrets)
      return .failure(Refusal(words: "it answers \(status)\(error.map { ": \($0)" } ?? "")\(advice(status))"))
    }
    guard let answer = Fields(body) else {
      return .failure(Refusal(words: "its answer is no JSON object; is token_url its token endpoint?"))
    }
    guard let value = answer.text(.accessToken), !value.isEmpty else {
      return .failure(Refusal(words: "its answer has no access_token"))
    }
    guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), value.utf8.count <= longestValue else {
      return .failure(Refusal(words: "its access_token fits into no header"))
    }
    if let type = answer.text(.tokenType), type.asciiLowercased != "bearer" {
      return .failure(
        Refusal(
          words:
            "its token is of the type \(type.forTerminal(maxCharacters: 40)), and only bearer tokens are sent"
        ))
    }
    return .success(AccessToken(value: Secret(value), lifetime: answer.lifetime))
  }

  /// What the server says in `error` and `error_description`; nil: nothing.
  private static func errorWords(in body: [UInt8], hiding secrets: [Secret]) -> String? {
    guard let answer = Fields(body) else { return nil }
    let told = [answer.text(.error), answer.text(.errorDescription)].compactMap(\.self).filter { !$0.isEmpty }
    guard !told.isEmpty else { return nil }
    var words = told.joined(separator: ", ")
    for secret in secrets where !secret.reveal.isEmpty {
      words = words.replacing(secret.reveal, with: "[secret]")
    }
    return words.forTerminal(maxCharacters: longestWords)
  }

  private static let longestWords = 200

  private static func advice(_ status: Int) -> String {
    switch status {
    case 400, 401, 403: "; look at client_id, client_secret and scope"
    case 404, 405: "; is token_url its token endpoint?"
    case 300..<400: "; redirects are not followed: set token_url to the address that it names"
    default: ""
    }
  }

  private enum Field: Int, CaseIterable {
    case accessToken, tokenType, expiresIn, error, errorDescription

    var name: String {
      switch self {
      case .accessToken: "access_token"
      case .tokenType: "token_type"
      case .expiresIn: "expires_in"
      case .error: "error"
      case .errorDescription: "error_description"
      }
    }
  }

  /// What stands in an answer.
  private struct Fields {
    private let document: [UInt8]
    private let fields: [NotedField]

    private static let scanner = EnvelopeScanner(fields: FieldTree(paths: Field.allCases.map { [$0.name] }))

    /// nil: it is no JSON object.
    init?(_ body: [UInt8]) {
      // Put where the scanner looks for events.
      let document = Array(#"{"messages":{"":["#.utf8) + body + Array("]}}".utf8)
      guard let scanned = try? Self.scanner.scan(document), scanned.events.count == 1 else { return nil }
      self.document = document
      fields = Array(scanned.fields[scanned.events[0].fields])
    }

    private func value(_ field: Field) -> JSONValue? { fields.first { $0.slot == field.rawValue }?.value }

    func text(_ field: Field) -> String? {
      value(field).flatMap { $0.kind == .string ? $0.text(in: document) : nil }
    }

    /// Some servers send the number as a text.
    var lifetime: Duration {
      let value = value(.expiresIn)
      guard value?.kind == .number || value?.kind == .string,
        let seconds = value.flatMap({ Double($0.text(in: document)) }), seconds.isFinite
      else { return AccessToken.defaultLifetime }
      let bounds = AccessToken.lifetimes
      let most = Double(bounds.upperBound.components.seconds)
      return max(bounds.lowerBound, .seconds(Int64(min(max(seconds, 0), most))))
    }
  }
}
