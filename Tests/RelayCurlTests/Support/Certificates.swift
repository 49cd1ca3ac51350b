import Foundation
import NIOSSL
import RelayCore
import RelayTestSupport

/// A throwaway authority, and a certificate by it for 127.0.0.1.
struct Certificates: Sendable {
  /// Made once in the process.
  static let shared = Result { try Certificates() }

  /// A PEM file.
  var authorityFile: String { authority.own.certificate }
  /// Another authority, which has issued nothing.
  var strangerFile: String { stranger.own.certificate }
  private let authority: TestAuthority
  private let stranger: TestAuthority
  private let server: TestAuthority.Pair
  /// Of the same authority, valid until yesterday.
  let expired: TestAuthority.Pair
  /// Of the same authority: for who asks clients for one.
  let client: TestAuthority.Pair
  let renewedClient: TestAuthority.Pair
  /// Of the other authority.
  let strangersClient: TestAuthority.Pair
  /// The client's key behind a passphrase.
  let encrypted: [TestAuthority.Pair]

  init() throws {
    authority = try TestAuthority()
    stranger = try TestAuthority("Stranger")
    server = try authority.issue("server")
    expired = try authority.issueExpired(for: server)
    client = try authority.issue("client")
    renewedClient = try authority.issue("renewed")
    strangersClient = try stranger.issue("client")
    encrypted = [try authority.encrypted(client), try authority.encrypted(client, isTraditional: true)]
  }

  func contents(_ file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: file)))
  }

  /// Gives a folder the names by which OpenSSL finds the authorities in it.
  static func rehash(_ folder: String) throws {
    try TestAuthority.rehash(folder)
  }

  /// As a configuration has them whose files are these.
  func clientCertificate(_ pair: TestAuthority.Pair) throws -> ClientCertificate {
    ClientCertificate(
      certificateFile: pair.certificate, keyFile: pair.key, certificate: try contents(pair.certificate),
      key: Secret(String(decoding: try contents(pair.key), as: UTF8.self)))
  }

  /// - Parameters:
  ///   - protocols: What the server offers by ALPN.
  ///   - asksClients: It wants a certificate of the same authority.
  func server(
    protocols: [String] = ["http/1.1"], isExpired: Bool = false, asksClients: Bool = false,
    atMost version: TLSVersion = .tlsv13
  ) throws -> NIOSSLContext {
    let pair = isExpired ? expired : server
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: pair.key, format: .pem)))
    configuration.applicationProtocols = protocols
    configuration.maximumTLSVersion = version
    if asksClients {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .file(authorityFile)
    }
    return try NIOSSLContext(configuration: configuration)
  }
}
