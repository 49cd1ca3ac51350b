import Yams

/// libyaml's problems in plain words.
enum YAMLWords {
  static func message(problem: String, context: YamlError.Context?, mark: Mark) -> String {
    var message = words[problem] ?? "not YAML: \(problem)"
    if let context, context.mark.line != mark.line, context.mark.line > 1 || context.mark.column > 1 {
      message += " (what is being read began at line \(context.mark.line))"
    }
    return message
  }

  private static let words = [
    "mapping values are not allowed in this context":
      "a ':' is not expected here; check the indentation, and quote a text that holds ': '",
    "found character that cannot start any token":
      "a value can't begin like this; indent with spaces, not tabs, and quote a text that begins with "
      + "@ ` or %",
    "found a tab character that violates indentation": "a tab can't indent; use spaces",
    "found a tab character where an indentation space is expected": "a tab can't indent; use spaces",
    "did not find expected key": "expected a key here; check the indentation, and that every quote is closed",
    "did not find expected '-' indicator": "expected a list item ('- …') here; check the indentation",
    "could not find expected ':'": "a key lacks its ':'",
    "did not find expected ',' or ']'":
      "a list in [ ] lacks a ',' or its ']'; quote texts that hold , [ ] { or }",
    "did not find expected ',' or '}'":
      "a mapping in { } lacks a ',' or its '}'; quote texts that hold , [ ] { or }",
    "did not find expected node content": "a value is missing here",
    "found unexpected end of stream": "a quote is not closed",
    "found unexpected document indicator": "a quote is not closed",
    "mapping keys are not allowed in this context":
      "a '?' key is not expected here; quote a text that starts with ?",
    "did not find expected comment or line break":
      "nothing may follow the | or > of a text over several lines",
    "found unknown escape character": "this is no escape; in double quotes write '\\\\' for a backslash",
    "block sequence entries are not allowed in this context":
      "a list item ('- …') is not expected here; put it on a line of its own",
    "block mapping keys are not allowed in this context": "a key is not expected here; check the indentation",
    "did not find expected <document start>": "nothing may follow here; a configuration is one mapping",
    "but found another document": "a configuration is one YAML document; remove '---' and what follows",
  ]
}
