import RelayCore
import RelayJSON

/// A first routes.yaml: one source, one destination, and a route that gives it everything.
package struct FirstConfiguration: Sendable, Equatable {
  package enum Token: Sendable, Equatable {
    case known(String)
    /// It is learned from Huggy's handshake, and a person confirms it.
    case learn
    /// Every sender is believed.
    case none
  }

  package var source = "huggy"
  /// Hard to guess: see `randomPath`.
  package var path: String
  package var token = Token.learn
  package var company: String?
  package var destination = "crm"
  package var destinationURL: String
  package var format = Destination.Format.huggy
  /// `whsec_…`; nil: requests are not signed.
  package var signingSecret: String?
  package var listen = "127.0.0.1:8080"
  package var admin = "127.0.0.1:8081"

  package init(path: String, destinationURL: String) {
    self.path = path
    self.destinationURL = destinationURL
  }

  /// `/huggy-` and 22 random letters and digits: 131 bits.
  package static func randomPath(using randomness: inout some RandomNumberGenerator) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    return "/huggy-" + String((0..<22).map { _ in alphabet.randomElement(using: &randomness)! })
  }

  /// What the file holds beside names and addresses.
  package var holdsSecrets: Bool {
    if case .known = token { return true }
    return signingSecret != nil
  }

  package var text: String {
    """
    # routes.yaml: what huggy-relay receives, and which service gets which events. Written by `huggy-relay init`.
    #
    # After every change, `huggy-relay check` tells all that is wrong with it, with the line; `huggy-relay reload` has the
    # running relay take it. routes.yaml.example shows every key there is. Secrets may stand elsewhere: ${NAME} in their place
    # is a variable of the environment, ${file:PATH} a file's content.

    server:
      listen: \(Self.quoted(listen)) # where Huggy posts; put a proxy with TLS before it
      admin: \(Self.quoted(admin)) # the admin API and the metrics; an address that others can reach needs an admin_token

    sources:
      \(source):
        path: \(Self.quoted(path)) # nobody guesses it; it is part of the URL that Huggy is given
    \(lines(tokenLines + companyLines, indent: 4))

    destinations:
      \(destination):
        url: \(Self.quoted(destinationURL))
    \(lines(formatLines + signingLines, indent: 4))

    routes:
      - name: everything
        to: \(destination)

    """
  }

  private var tokenLines: [String] {
    switch token {
    case .known(let token): ["token: \(Self.quoted(token)) # what Huggy shows beside the URL"]
    case .learn:
      [
        "# Closed until `huggy-relay token learn \(source) --for 15m`: in that time Huggy's handshake offers its token, and you",
        "# confirm it.", "token: learn",
      ]
    case .none: ["# token: without one every sender is believed"]
    }
  }

  private var companyLines: [String] {
    company.map { ["company: \(Self.quoted($0)) # for the events that name no company"] } ?? []
  }

  private var formatLines: [String] {
    switch format {
    case .huggy: ["format: huggy # what Huggy itself would have sent"]
    case .event: ["format: event # the event alone"]
    case .cloudevents: ["format: cloudevents # the event in an envelope of CloudEvents 1.0"]
    }
  }

  private var signingLines: [String] {
    guard let signingSecret else { return [] }
    return [
      "signing_secret: \(Self.quoted(signingSecret)) # Standard Webhooks; the service may check the signature with it"
    ]
  }

  private func lines(_ lines: [String], indent: Int) -> String {
    lines.map { String(repeating: " ", count: indent) + $0 }.joined(separator: "\n")
  }

  /// As JSON has it, which is YAML; what would be a reference is none.
  private static func quoted(_ text: String) -> String {
    var literal: [UInt8] = []
    JSONWriter.appendString(
      text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${"), to: &literal)
    return String(decoding: literal, as: UTF8.self)
  }
}
