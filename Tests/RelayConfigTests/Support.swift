import RelayConfig
import RelayCore
import Testing

/// What a faulty configuration is told.
struct FaultyConfiguration: Sendable, CustomStringConvertible {
  var name: String
  var text: String
  /// Each as `LINE:COLUMN: KEY.PATH: message`.
  var problems: [String]

  init(_ name: String, _ text: String, _ problems: [String]) {
    self.name = name
    self.text = text
    self.problems = problems
  }

  var description: String { name }
}

let exampleEnvironment = ["SECRET": "hunter2", "EMPTY": "", "PORT": "8080"]

/// When configurations are read.
let exampleNow = Timestamp(rfc3339: "2026-12-01T00:00:00Z")!

func loader(
  environment: [String: String] = exampleEnvironment, resolvesReferences: Bool = true
) -> ConfigurationLoader {
  ConfigurationLoader(
    environment: environment, resolvesReferences: resolvesReferences, now: { exampleNow }
  ) { bytes in
    "hash-of-\(bytes.count)-bytes"
  }
}

extension ConfigurationLoader {
  /// Reads a text, and puts it to the schema, too: every text of these tests, valid or faulty, comes by here.
  func checked(
    text: String, file: String = "routes.yaml", directory: String = "/etc/relay"
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    do {
      let loaded = try load(text: text, file: file, directory: directory)
      SchemaTests.expectAccepts(text)
      return loaded
    } catch {
      SchemaTests.expectRefuses(text, for: error.problems.map(\.description))
      throw error
    }
  }
}

/// The errors of a text, or else its warnings, without the file's name.
func problems(
  of text: String, environment: [String: String] = exampleEnvironment, resolvesReferences: Bool = true
) -> [String] {
  let loader = loader(environment: environment, resolvesReferences: resolvesReferences)
  let problems: [ConfigurationProblem]
  do {
    problems = try loader.checked(text: text).warnings
  } catch {
    problems = error.problems
  }
  return problems.map { String($0.description.dropFirst("routes.yaml:".count)) }
}

/// The configuration of a text without errors.
func configuration(
  of text: String, environment: [String: String] = exampleEnvironment, resolvesReferences: Bool = true
) throws -> Configuration {
  try loader(environment: environment, resolvesReferences: resolvesReferences).checked(text: text)
    .configuration
}

// Configurations around what a test is about.

let oneSource = "sources: { huggy: { token: t } }\n"

/// A text from line 1.
func withSource(_ text: String) -> String { text + "\n" + oneSource }

/// A text from line 2.
func withSourceBefore(_ text: String) -> String { oneSource + text }

/// A destination's address, at line 4, column 10.
func url(_ address: String) -> String {
  oneSource + "destinations:\n  crm:\n    url: \(address)\n"
}

/// A name too long by one.
let longName = String(repeating: "a", count: 65)

/// Keys of a destination, from line 5, column 5.
func destination(_ keys: String) -> String {
  oneSource + "destinations:\n  crm:\n    url: http://crm.example\n" + keys.indented(by: 4)
}

/// Keys of a route, from line 6, column 5.
func route(_ keys: String) -> String {
  routes("routes:\n  - name: r\n    to: crm\n" + keys.indented(by: 4))
}

/// Routes, from line 3.
func routes(_ text: String) -> String {
  oneSource
    + "destinations: { crm: { url: \"http://crm.example\" }, analytics: { url: \"http://a.example\" } }\n"
    + text
}

extension String {
  func indented(by count: Int) -> String {
    let indentation = String(repeating: " ", count: count)
    return split(separator: "\n").map { "\(indentation)\($0)\n" }.joined()
  }
}
