import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the completion script of a shell.",
        discussion: """
            Examples:
              evenkeel completion bash > /etc/bash_completion.d/evenkeel
              evenkeel completion zsh > ~/.zfunc/_evenkeel          # with fpath+=~/.zfunc before compinit in ~/.zshrc
              evenkeel completion fish > ~/.config/fish/completions/evenkeel.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() throws {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try Output.write(Evenkeel.completionScript(for: known) + "\n", to: nil)
    }
}
