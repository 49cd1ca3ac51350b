import RelayCore
import Testing

extension StoreConformance {
  /// Tokens that were learned.
  package static let tokens = [
    StoreClaim("aLearnedTokenIsKeptOverAReopen") { bench in
      let store = try await bench.open()
      #expect(try await store.allLearnedTokens() == [:])
      try await store.keepToken(token(1), of: "huggy")
      try await store.keepToken(token(2), of: "branches")
      #expect(try await store.allLearnedTokens() == ["huggy": token(1), "branches": token(2)])
      let again = try await bench.reopen(store)
      #expect(try await again.allLearnedTokens() == ["huggy": token(1), "branches": token(2)])
    },
    StoreClaim("aSourceHasOneLearnedTokenTheLastOne") { bench in
      let store = try await bench.open()
      try await store.keepToken(token(1), of: "huggy")
      try await store.keepToken(token(2), of: "huggy")
      let again = try await bench.reopen(store)
      #expect(try await again.allLearnedTokens() == ["huggy": token(2)])
    },
    StoreClaim("aForgottenTokenStaysForgotten") { bench in
      let store = try await bench.open()
      try await store.keepToken(token(1), of: "huggy")
      try await store.keepToken(token(2), of: "branches")
      try await store.keepToken(nil, of: "huggy")
      try await store.keepToken(nil, of: "never")
      let again = try await bench.reopen(store)
      #expect(try await again.allLearnedTokens() == ["branches": token(2)])
    },
    StoreClaim("aLearnedTokenOutlivesItsSourcesConfiguration") { bench in
      let store = try await bench.open()
      try await store.keepToken(token(1), of: "no source of the configuration")
      try await store.configure(.test)
      let again = try await bench.reopen(store)
      #expect(try await again.allLearnedTokens() == ["no source of the configuration": token(1)])
    },
  ]

  private static func token(_ number: UInt8) -> LearnedToken {
    LearnedToken(
      salt: Array(repeating: number, count: 16), hash: Array(repeating: 0xFF - number, count: 32),
      learnedAt: .second(Int(number)))
  }
}
