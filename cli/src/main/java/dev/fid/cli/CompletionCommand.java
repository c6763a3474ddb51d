package dev.fid.cli;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid completion bash|zsh`.
@Command(
        name = "completion",
        description = {"Prints a completion script for a shell.", ""},
        footer = {
            "",
            "Put this into ~/.bashrc: source <(fid completion bash)",
            "",
            "Examples:",
            "  fid completion bash > fid.bash",
            "  fid completion zsh > _fid"
        })
@SuppressWarnings("NullAway.Init") // picocli fills the positional parameters
final class CompletionCommand implements Action {
    enum Shell {
        bash,
        zsh
    }

    @Parameters(index = "0", paramLabel = "bash|zsh", description = "The shell.")
    private Shell shell;

    @Override
    public void run(Context context) throws Failure {
        CommandLine commands = context.commands();
        context.console().print(shell == Shell.bash ? Completion.bash(commands) : Completion.zsh(commands));
    }
}
