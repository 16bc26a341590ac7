package dev.culvert.agent.command;

import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert completion}. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = "Print a script that completes commands and options in a shell.",
        footer = {
            "",
            "Examples:",
            "  source <(culvert completion bash)",
            "  culvert completion bash > /etc/bash_completion.d/culvert",
            "  source <(culvert completion zsh)"
        })
final class CompletionCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell = Shell.bash;

    /** The shells. One script serves both: it makes zsh load its emulation of bash's completion. */
    enum Shell {
        /** GNU's. */
        bash,
        /** Z shell. */
        zsh
    }

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("# Completion of culvert for " + shell + ".");
        out.print(AutoComplete.bash("culvert", spec.commandLine().getParent()));
        out.flush();
    }
}
