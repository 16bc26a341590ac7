package dev.culvert.bench.report;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all measurements take, refuse and report alike: mixed into their commands. One thread. */
public final class BenchOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Also write one JSON object a line.")
    private @Nullable Path json;

    /** Called by picocli. */
    public BenchOptions() {}

    /**
     * The value of an option.
     *
     * @throws ParameterException if it is out of its range; names the option
     */
    public int number(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(),
                    "%s must be from %d to %d, but is %d".formatted(option, least, most, value));
        }
        return value;
    }

    /**
     * That an option's value cannot be used.
     *
     * @param problem a sentence, without its subject, which is the option
     */
    public ParameterException refusal(String option, String problem) {
        return new ParameterException(spec.commandLine(), option + " " + problem);
    }

    /** Writes the file that was asked for, if any. */
    public void write(List<ResultLine> lines) throws IOException {
        if (json != null) {
            Files.write(json, lines.stream().map(ResultLine::toJson).toList());
        }
    }

    /** Prints a table of one mode's results, and writes the file. */
    public void report(List<ResultLine> lines) throws IOException {
        System.out.printf("%-34s %12s %12s %12s  %s%n", "metric", "median", "min", "max", "unit");
        for (ResultLine line : lines) {
            System.out.printf(
                    Locale.ROOT,
                    "%-34s %12.2f %12.2f %12.2f  %s%n",
                    line.metric(),
                    line.median(),
                    line.min(),
                    line.max(),
                    line.unit());
        }
        write(lines);
    }

    /**
     * Why no network namespace can be made here, a sentence; empty if it can.
     *
     * @param command the measurement that needs it, as it is called
     */
    public static String obstacle(String command) {
        try (NetworkNamespace _ = NetworkNamespace.create()) {
            return "";
        } catch (IOException e) {
            return "This makes network namespaces and needs root: run sudo ./dev bench %s (%s)"
                    .formatted(command, e.getMessage());
        }
    }
}
