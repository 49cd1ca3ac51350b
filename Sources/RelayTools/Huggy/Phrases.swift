/// What people and bots say.
enum Phrases {
  static let customer = [
    "Olá, tudo bem?", "Bom dia! Gostaria de saber o preço do plano anual.",
    "Preciso da segunda via do boleto, por favor.", "Meu pedido ainda não chegou 😕",
    "Vocês atendem aos sábados?",
    "Não consigo acessar minha conta: aparece \"usuário inválido\".", "Eu!",
    "Já paguei, segue o comprovante.",
    "Segue o endereço:\nRua das Acácias, 45 – São Paulo/SP", "Obrigado pela atenção!",
    "É possível parcelar em 12×?",
    "Quero cancelar a assinatura", "ok", "Qual o horário de funcionamento?", "Só um instante…",
  ]

  static let agent = [
    "Claro. Vamos lá!", "Olá! Sou do time de atendimento, em que posso ajudar?",
    "Um momento, já estou verificando.",
    "O boleto foi enviado para o seu e-mail.", "Você pode me informar o número do pedido?",
    "A entrega está prevista para amanhã até às 18h.", "Desculpe a demora, já localizei seu cadastro.",
    "Acesse https://ajuda.exemplo.com.br/faq?id=12&lang=pt para ver o passo a passo.",
  ]

  static let goodbye = [
    "Mais alguma coisa? Se não, vou encerrar o atendimento. Até logo!",
    "Foi um prazer ajudar, tenha um ótimo dia! 👋",
    "Como não tivemos retorno, este atendimento será encerrado.",
  ]

  static let note = [
    "Cliente já reclamou três vezes, atenção.", "Encaminhar ao financeiro: divergência no boleto.",
    "VIP – não dar desconto",
  ]

  static let bot = [
    "Olá! Escolha uma opção:\n1 - Vendas\n2 - Suporte\n3 - Financeiro",
    "Não entendi. Você pode repetir, por favor?",
    "Aguarde, em instantes um de nossos atendentes irá falar com você.",
  ]

  static let flowAnswer = ["1", "2", "5", "Ótimo atendimento!", "Não"]

  static let tabulation = ["Venda concluída", "Dúvida esclarecida", "Sem interação", "Reclamação"]
}
