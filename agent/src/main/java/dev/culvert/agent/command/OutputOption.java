package dev.culvert.agent.command;

import java.io.PrintWriter;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** How a command prints what the agent says. */
final class OutputOption {
    /** The formats. */
    enum Format {
        /** For people. */
        table,
        /** For programs. */
        json,
        /** For both. */
        yaml
    }

    /** Prints for people. */
    @FunctionalInterface
    interface Table {
        void print(PrintWriter out);
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.",
            defaultValue = "table")
    private Format format = Format.table;

    /** Prints the value as it is, or by {@code table}. */
    void print(PrintWriter out, Object value, Table table) {
        switch (format) {
            case table -> table.print(out);
            case json -> out.println(new JsonMapper().writeValueAsString(value));
            case yaml -> out.print(new YAMLMapper().writeValueAsString(value));
        }
        out.flush();
    }

    /** Whether people read it. */
    boolean isTable() {
        return format == Format.table;
    }
}
