import ArgumentParser
import RelayAdmin
import RelayCore
import RelayCurl

/// Asks a running relay. What goes wrong is printed, and becomes the exit status.
final class AdminClient {
  private let connection: AdminConnection
  private let json: Bool
  private let reason: String?
  private let http: BlockingClient

  /// - Parameters:
  ///   - json: What goes wrong is told as JSON.
  ///   - reason: Why it is done, for the relay's audit.
  init(_ connection: AdminConnection, json: Bool, reason: String? = nil) {
    self.connection = connection
    self.json = json
    self.reason = reason
    http = connection.makeHTTP(maxAnswerBytes: 256 << 20)
  }

  private var url: String { connection.url }

  func get(_ path: String) throws -> [UInt8] { try get(path, Nothing()) }

  /// - Parameter input: The endpoint's, as `RelayAdmin` declares it.
  func get(_ path: String, _ input: some Encodable) throws -> [UInt8] {
    let query = try RequestText.query(input, reason: reason)
    return try send("GET", query.isEmpty ? path : "\(path)?\(query)", body: nil, timeout: .seconds(60))
  }

  /// Changes of many deliveries take a while.
  ///
  /// - Parameter input: The endpoint's, as `RelayAdmin` declares it.
  func post(_ path: String, _ input: some Encodable) throws -> [UInt8] {
    try send("POST", path, body: try RequestText.body(input, reason: reason), timeout: .seconds(3600))
  }

  func post(_ path: String) throws -> [UInt8] { try post(path, Nothing()) }

  /// Asks for a copy of the store, and writes it to an open file. What does not say that it is one is none.
  ///
  /// - Returns: What the copy says that it is.
  func downloadCopy(_ path: String, into file: Int32) throws -> StoreCopyFormat {
    let response = try exchange(
      "POST", path, body: try RequestText.body(Nothing(), reason: reason), timeout: .seconds(24 * 3600),
      into: file)
    if response.status != 200 { _ = try json(of: response) }
    if let format = StoreCopyFormat.known.first(where: { $0.contentType == response.contentType }) {
      return format
    }
    Failure(
      code: "unreachable",
      message:
        "\(url): what answered sent no copy of a store (\(response.contentType ?? "no content-type")); "
        + "is --admin right?"
    ).tell(json: json)
    throw ExitCode.unreachable
  }

  /// Asks for what may be long, and writes it to an open file as it comes.
  func download(_ path: String, _ input: some Encodable, into file: Int32) throws {
    let query = try RequestText.query(input, reason: reason)
    let target = query.isEmpty ? path : "\(path)?\(query)"
    let response = try exchange("GET", target, body: nil, timeout: .seconds(24 * 3600), into: file)
    if response.status != 200 { _ = try json(of: response) }
  }

  /// - Throws: `ExitCode`, after saying why.
  func decode<Answer: Decodable>(_ type: Answer.Type, from json: [UInt8]) throws -> Answer {
    do {
      return try AnswerDecoder.decode(type, from: json)
    } catch {
      Failure(
        code: "unknown_answer",
        message: "\(url): this relay answers otherwise than this version expects; --json shows what it says"
      ).tell(json: self.json)
      throw ExitCode.failure
    }
  }

  private func send(
    _ method: String, _ target: String, body: [UInt8]?, timeout: Duration
  ) throws -> [UInt8] {
    try json(of: try exchange(method, target, body: body, timeout: timeout))
  }

  private func exchange(
    _ method: String, _ target: String, body: [UInt8]?, timeout: Duration, into file: Int32? = nil
  ) throws -> BlockingResponse {
    var headers = connection.authorization
    if body != nil { headers.append("content-type: application/json") }
    do throws(TransportFailure) {
      return try http.send(
        method: method, url: url + target, headers: headers, body: body, timeout: timeout,
        connectTimeout: .seconds(10), into: file)
    } catch  where file != nil && error.kind == .other {
      Failure(code: "not_written", message: "\(error)").tell(json: json)
      throw ExitCode.failure
    } catch {
      Failure(code: "unreachable", message: connection.unreachable(error)).tell(json: json)
      throw ExitCode.unreachable
    }
  }

  private func json(of response: BlockingResponse) throws -> [UInt8] {
    switch AdminOutcome(
      status: response.status, contentType: response.contentType, body: response.body,
      hasToken: connection.token != nil)
    {
    case .done(let json): return json
    case .refused(let code, let message, let errors):
      if !json && !errors.isEmpty { printError(message) }
      Failure(code: code, message: message, errors: errors).tell(json: json)
      throw code == "invalid_configuration" ? ExitCode.wrongConfiguration : ExitCode.failure
    case .notTheAPI(let message):
      Failure(code: "unreachable", message: "\(url): \(message); is --admin right?").tell(json: json)
      throw ExitCode.unreachable
    }
  }
}
