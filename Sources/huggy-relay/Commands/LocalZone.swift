import RelayCore
import RelaySystem

extension TimeZoneRules {
  /// The zone of whoever runs this command.
  static var current: TimeZoneRules { local(environment: processEnvironment(), file: InputFile.bytes) }
}
