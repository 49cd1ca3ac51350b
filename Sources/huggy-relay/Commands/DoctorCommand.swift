import ArgumentParser
import RelayAdmin
import RelayConfig
import RelayCore
import RelayCurl
import RelayPipeline
import RelaySystem
import RelayText
import RelayTools

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at everything from outside: a line each, and what to do about what is wrong.",
    discussion: discussion(
      """
      The configuration, the data directory and its disk (or the database server), the clock, each destination (name, connection, certificates; no \
      request is sent), the admin API of a running relay or else its ports, open files, the service. Changes nothing. \
      Exits 1 if something has failed.
      """,
      examples: "huggy-relay doctor", "sudo -u relay huggy-relay doctor --config /etc/huggy-relay/routes.yaml"
    ))

  @OptionGroup var options: ConfigurationOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The relay's admin API. Default: $HUGGY_RELAY_ADMIN, else server.admin of the configuration.",
      valueName: "url"))
  var admin: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Its token. Default: $HUGGY_RELAY_ADMIN_TOKEN, else one of the configuration.",
      valueName: "token"))
  var adminToken: String?

  @OptionGroup var security: AdminTLSOptions

  @Option(name: .long, help: "The systemd unit that runs it.")
  var unit = "huggy-relay.service"

  @Flag(name: .long, help: "Print JSON, for scripts.")
  var json = false

  /// All checks go on at once; this is the longest that any may take.
  private static let limit = Duration.seconds(20)

  func run() throws {
    let (configuration, findings) = examineConfiguration()
    let checks = machineChecks() + (configuration.map(checks) ?? []) + [relayCheck(configuration)]
    let all = Findings(findings + Examination(checks).run(within: Self.limit))
    if json {
      StandardStream.output.write(all.json + Array("\n".utf8))
    } else {
      print(all.text { Self.painted($0, $1) })
    }
    if all.hasFailed { throw ExitCode.failure }
  }

  private static func painted(_ word: String, _ level: Finding.Level) -> String {
    switch level {
    case .ok: AdminOptions.pen(word, .good)
    case .warn: AdminOptions.pen(word, .warning)
    case .fail: AdminOptions.pen(word, .bad)
    }
  }

  // MARK: What is looked at

  private func examineConfiguration() -> (LoadedConfiguration?, [Finding]) {
    let subject = "configuration"
    do throws(ConfigurationErrors) {
      let loaded = try options.loader().load(path: options.config)
      let configuration = loaded.configuration
      let counts = [
        configuration.sources.count.counted("source", "sources"),
        configuration.destinations.count.counted("destination", "destinations"),
        configuration.routes.count.counted("route", "routes"),
      ].joined(separator: ", ")
      let warnings = loaded.warnings.map { Finding.warn(subject, "\($0)", nil) }
      return (loaded, [.ok(subject, "\(options.config): \(counts); hash \(configuration.hash)")] + warnings)
    } catch {
      let errors = error.problems.map { Finding.fail(subject, "\($0)", nil) }
      let advice = "mend it until `huggy-relay check` says valid; what it names is looked at then"
      return (nil, errors.dropLast() + errors.suffix(1).map { .fail(subject, $0.message, advice) })
    }
  }

  private func machineChecks() -> [Examination.Check] {
    [
      Examination.Check("clock") { [MachineChecks.clock()] },
      Examination.Check("proxy") { [MachineChecks.proxies(processEnvironment())] },
      Examination.Check("service") { [unit] in ServiceCheck.look(unit: unit) },
    ]
  }

  private func checks(_ loaded: LoadedConfiguration) -> [Examination.Check] {
    let configuration = loaded.configuration
    let now = SystemWallClock().now()
    let prober = CurlProber(own: ownListeners(configuration.server))
    return configuration.store.checks
      + configuration.destinations.map { DestinationCheck($0, prober: prober, now: now).check }
      + [
        Examination.Check("open files") {
          [
            MachineChecks.openFiles(
              configuration, process: MachineChecks.process(of: configuration.store))
          ]
        }
      ]
  }

  /// Where the relay would listen by the file.
  private func ownListeners(_ server: ServerSettings) -> OwnListeners {
    let own = OwnListeners()
    own.set("server.listen", to: server.listen.isSystemd ? [] : [server.listen])
    own.set("server.admin", to: server.admin.map { [$0] } ?? [])
    own.set("server.attachments", to: server.attachments.map { [$0] } ?? [])
    return own
  }

  /// Also without a configuration, if it is said where the relay is.
  private func relayCheck(_ loaded: LoadedConfiguration?) -> Examination.Check {
    let relay = RunningRelayCheck(
      loaded?.configuration, admin: admin ?? AdminOptions.environment("HUGGY_RELAY_ADMIN"),
      token: adminToken ?? AdminOptions.environment("HUGGY_RELAY_ADMIN_TOKEN"), security: security)
    return Examination.Check("relay") { relay.look() }
  }
}
