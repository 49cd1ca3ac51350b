import ArgumentParser
import Foundation
import RelayConfig
import RelayDigest

/// Where the configuration is, and how it is read.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: "The configuration.", completion: .configurations)
  var config = Self.standardFile

  static let standardFile = "routes.yaml"

  func loader(resolvesReferences: Bool = true) -> ConfigurationLoader {
    ConfigurationLoader(
      environment: ProcessInfo.processInfo.environment, resolvesReferences: resolvesReferences,
      hash: configurationHash)
  }

  /// Prints every error (and warning) to standard error, or where `print` says; exits 78 if there is an error.
  ///
  /// - Parameter json: Errors are told as one line of JSON, on standard error.
  func load(
    resolvesReferences: Bool = true, printsWarnings: Bool = true, json: Bool = false,
    print: (String) -> Void = printError
  ) throws -> LoadedConfiguration {
    do throws(ConfigurationErrors) {
      let loaded = try loader(resolvesReferences: resolvesReferences).load(path: config)
      if printsWarnings { for warning in loaded.warnings { print("\(warning)") } }
      return loaded
    } catch {
      let problems = error.problems.map(\.description)
      if json {
        Failure(code: "invalid_configuration", message: "\(config) is wrong", errors: problems).tell(
          json: true)
      } else {
        problems.forEach(print)
      }
      throw ExitCode.wrongConfiguration
    }
  }
}

/// The first 12 hexadecimal digits of the file's SHA-256.
func configurationHash(_ file: [UInt8]) -> String {
  SHA256.hash(file).prefix(6)
    .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    .joined()
}

func printError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
