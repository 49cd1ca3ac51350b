import Glibc
import Logging
import RelayAdmin
import RelayConfig
import RelayCore
import RelayCurl
import RelayFiles
import RelayIngest
import RelayListening
import RelayPipeline
import RelayThreads

/// The configuration's file, the listeners and who may use the admin API, as a reload needs them.
struct FileReloadSource: ReloadSource {
  let path: String
  let loader: ConfigurationLoader
  let taken: TakenConfiguration
  let server: IngestServer
  let certificates: ListenerCertificates
  let adminCertificates: ListenerCertificates
  let access: AdminAccess
  let files: FileServer
  /// Where it all listens, for what connects.
  let own: OwnListeners
  let linker: AttachmentLinker
  let logger: Logger

  func load() async throws(OperationError) -> ReadConfiguration { Self.read(try await loaded(.asked)) }

  func load(because cause: ReloadCause) async throws(OperationError) -> ReadConfiguration {
    let loaded = try await loaded(cause)
    taken.read(loaded)
    return Self.read(loaded)
  }

  private static func read(_ loaded: LoadedConfiguration) -> ReadConfiguration {
    ReadConfiguration(
      configuration: loaded.configuration, warnings: loaded.warnings.map(\.description),
      variables: loaded.variables)
  }

  private func loaded(_ cause: ReloadCause) async throws(OperationError) -> LoadedConfiguration {
    // Reading and parsing block, and may take a while.
    let loaded = await onThread(named: "reload") {
      Result { () throws(ConfigurationErrors) in
        switch cause {
        case .asked: try loader.load(path: path)
        case .files: try loader.load(again: taken.text, of: path)
        }
      }
    }
    do throws(ConfigurationErrors) {
      return try loaded.get()
    } catch {
      throw OperationError(
        code: .invalidConfiguration,
        message: "\(path) is wrong, so nothing has changed; mend it and reload again",
        details: error.problems.map(\.description))
    }
  }

  func read(_ text: String) async throws(OperationError) -> HandedConfiguration {
    let read = await onThread(named: "configuration") { loader.read(handed: text, inPlaceOf: path) }
    guard read.errors.isEmpty, let configuration = read.configuration else {
      throw OperationError(
        code: .invalidConfiguration, message: "the configuration that was handed in is wrong",
        details: read.errors.map(\.description))
    }
    return HandedConfiguration(
      configuration: configuration, references: read.references,
      warnings: read.warnings.map(\.description))
  }

  func apply(_ settings: ServerSettings) async throws(OperationError) {
    do throws(AttachmentKeyError) {
      try await linker.prepareOnThread(for: settings)
    } catch {
      throw OperationError(code: .unavailable, message: "\(error), so nothing has changed")
    }
    let made = try make(settings.tls, for: certificates)
    let madeForAdmin = try make(settings.adminTLS, for: adminCertificates)
    let previous = files.address
    // First: nobody is to come by a new address in the clear.
    let before = certificates.replace(by: made)
    let adminBefore = adminCertificates.replace(by: madeForAdmin)
    do throws(ListenError) {
      try await listen(settings)
    } catch {
      certificates.replace(by: before)
      adminCertificates.replace(by: adminBefore)
      // What has moved goes back, where that is still free.
      _ = try? await files.apply(previous)
      let hint =
        error.code == .addressInUse
        ? "; if it overlaps with what this relay listens on now, the change needs a restart" : ""
      throw OperationError(
        code: .invalidConfiguration, message: "\(error), so nothing has changed\(hint)",
        details: ["\(error)\(hint)"])
    }
  }

  private func make(
    _ tls: ListenerTLS?, for certificates: ListenerCertificates
  ) throws(OperationError) -> ListenerCertificates.Made? {
    do throws(CertificateError) {
      guard let tls else { return nil }
      return try ListenerCertificates.make(tls)
    } catch {
      let key = certificates.listener.key
      throw OperationError(
        code: .invalidConfiguration, message: "\(key): \(error), so nothing has changed",
        details: ["\(key): \(error)"])
    }
  }

  private func listen(_ settings: ServerSettings) async throws(ListenError) {
    if let address = try await files.apply(settings.attachments) {
      own.set("server.attachments", to: [address])
      logger.notice("attachments listen", metadata: ["address": "\(address)"])
    }
    if let address = try await server.apply(settings) {
      own.set("server.listen", to: settings.listen.isSystemd ? server.inheritedAddresses : [address])
      logger.notice("listening", metadata: ["address": "\(address)"])
    }
    access.replace(by: settings)
  }

  func reloadBegan() {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    ServiceManager.notify(.reloading(at: UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000))
  }

  func reloadEnded(_ result: Result<ReloadReport, OperationError>) {
    switch result {
    case .success: taken.reloadEnded(isTaken: true)
    case .failure: taken.reloadEnded(isTaken: false)
    }
    switch result {
    case .success(let report): ServiceManager.notify(.reloaded(hash: report.hash))
    case .failure(let error): ServiceManager.notify(.reloadFailed(error.problems))
    }
  }
}
