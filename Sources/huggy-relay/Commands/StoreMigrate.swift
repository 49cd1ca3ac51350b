import ArgumentParser
import RelayCore
import RelayJSON
import RelayText

struct StoreMigrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Move everything from the store's file into an empty database of PostgreSQL.",
    discussion: discussion(
      """
      The relay is stopped meanwhile, and its file is only read: until store.url is changed, it can be started on the \
      file again. A move that was cut off goes on where it was when the same command is run again, and no relay takes the \
      database before all is there. At the end both are read as wholes and compared, and the rows of the new one with each \
      other. Exits 1 if something is wrong.
      """, examples: "huggy-relay store migrate --to postgres://huggy_relay@db.internal/huggy_relay"))

  @Option(name: .long, help: "The database, as store.url will name it.")
  var to: String

  @OptionGroup var configuration: ConfigurationOptions

  @Flag(name: .long, help: "Print JSON, for scripts.")
  var json = false

  /// What the relay keeps beside a store is not moved.
  private var target: StoreSettings.Location { .postgres(DatabaseAddress(to), ownFiles: "") }

  func validate() throws {
    guard to.hasPrefix("postgres://") || to.hasPrefix("postgresql://") else {
      throw ValidationError("--to names a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    if let problem = StoreSettings.Location.problem(target) { throw ValidationError("--to: \(problem)") }
  }

  func run() throws {
    let loaded = try configuration.load(printsWarnings: false, json: json).configuration
    let telling = MoveTelling()
    let moved: StoreSettings.Location.Moved?
    do throws(StoreError) {
      let identity = OpenedStore.Identity(name: Relay.hostName, configurationHash: loaded.hash)
      moved = try loaded.store.location.move(
        to: target, as: identity, StoreConfiguration(loaded), progress: telling.tell)
    } catch {
      throw Failure(code: "not_moved", message: error.message)
    }
    let verification: StoreVerification
    do throws(StoreError) {
      verification = try target.verify(isSound: EventBody.isObject) { printError("comparing its \($0)…") }
    } catch {
      throw Failure(
        code: "not_verified",
        message:
          "all is moved, and the new store's rows could not be compared with each other: \(error.message); run this again"
      )
    }
    print(text(moved, verification))
    if !json, loaded.sources.contains(where: { $0.attachments != nil }) {
      printError(
        "files that events point to stay where they are: attachments go with a store that is a file alone")
    }
    if !verification.isSound { throw ExitCode.failure }
  }

  private func text(_ moved: StoreSettings.Location.Moved?, _ verification: StoreVerification) -> String {
    guard !json else { return Self.json(target, moved, isSound: verification.isSound) }
    let counts = moved.map { moved in
      """
      moved to \(target.shown), and compared: \(moved.events.counted("event", "events")), \
      \(moved.deliveries.counted("delivery", "deliveries")), \(moved.failures.counted("failed attempt", "failed attempts"))
      """
    }
    let next =
      verification.isSound
      ? "let store.url name it, and start the relay; keep the file until you are sure"
      : "start no relay on it: the file has the same fault, or the database has got it since; look at both with store verify"
    return [
      counts ?? "all was moved to \(target.shown) before", StoreVerify.text(target.shown, verification), next,
    ].joined(separator: "\n")
  }

  private static func json(
    _ target: StoreSettings.Location, _ moved: StoreSettings.Location.Moved?, isSound: Bool
  ) -> String {
    var place: [UInt8] = []
    JSONWriter.appendString(target.shown, to: &place)
    let counts = moved.map {
      #"{"events":\#($0.events),"deliveries":\#($0.deliveries),"failures":\#($0.failures)}"#
    }
    return #"{"to":\#(String(decoding: place, as: UTF8.self)),"moved":\#(counts ?? "null"),"#
      + #""sound":\#(isSound)}"#
  }
}

/// Says on standard error how far a move is: each new step, and now and then how many events were moved.
private final class MoveTelling {
  private var step: String?
  private var told = ContinuousClock.now
  private static let interval = Duration.seconds(5)

  func tell(_ step: String, _ events: Int) {
    let isNew = step != self.step
    guard isNew || told.duration(to: .now) >= Self.interval else { return }
    self.step = step
    told = .now
    printError(isNew ? "\(step)…" : "\(step)… \(events.counted("event", "events")) so far")
  }
}
