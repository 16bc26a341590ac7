package dev.culvert.bench;

import dev.culvert.bench.report.BenchOptions;
import dev.culvert.bench.report.ResultLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./dev bench micro}: what the parts of the packet path cost an operation. */
@Command(
        name = "micro",
        mixinStandardHelpOptions = true,
        description = "Time and allocation of checksum, look-up, cutting and coalescing, by JMH.")
final class MicroCommand implements Callable<Integer> {
    private static final String ALLOCATION = "gc.alloc.rate.norm";

    @Mixin private BenchOptions common = new BenchOptions();

    @Option(names = "--quick", description = "Short rounds: a look, not a result.")
    private boolean quick;

    @Override
    public Integer call() throws RunnerException, IOException {
        Collection<RunResult> results = new Runner(options().build()).run();
        List<ResultLine> lines = new ArrayList<>();
        System.out.printf(
                "%n%-34s %12s %25s %12s%n", "operation", "ns median", "min to max", "bytes/op");
        for (RunResult result : results) {
            lines.addAll(report(result));
        }
        common.write(lines);
        return 0;
    }

    private ChainedOptionsBuilder options() {
        return new OptionsBuilder()
                .include("dev\\.culvert\\.bench\\.packet\\..*")
                .addProfiler(GCProfiler.class)
                .forks(quick ? 1 : 3)
                .warmupIterations(quick ? 2 : 5)
                .measurementIterations(quick ? 3 : 5)
                .warmupTime(TimeValue.milliseconds(quick ? 200 : 1000))
                .measurementTime(TimeValue.milliseconds(quick ? 200 : 1000))
                .jvmArgsAppend(
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow")
                .verbosity(quick ? VerboseMode.SILENT : VerboseMode.NORMAL);
    }

    private static List<ResultLine> report(RunResult result) {
        String name = name(result);
        Statistics time = result.getPrimaryResult().getStatistics();
        double median = time.getPercentile(50);
        Result<?> allocation = result.getSecondaryResults().get(ALLOCATION);
        double bytes = allocation == null ? Double.NaN : allocation.getScore();
        System.out.printf(
                Locale.ROOT,
                "%-34s %12.1f %25s %12.2f%n",
                name,
                median,
                String.format(Locale.ROOT, "%.1f to %.1f", time.getMin(), time.getMax()),
                bytes);
        return List.of(
                line(name + ".time", "ns/op", median, time.getMin(), time.getMax()),
                line(name + ".allocation", "B/op", bytes, bytes, bytes));
    }

    private static ResultLine line(
            String metric, String unit, double median, double min, double max) {
        return new ResultLine("micro", "none", metric, median, min, max, unit, Double.NaN);
    }

    private static String name(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        String type = benchmark.substring(0, benchmark.lastIndexOf('.'));
        StringBuilder name =
                new StringBuilder(
                        type.substring(type.lastIndexOf('.') + 1)
                                .replace("Benchmark", "")
                                .toLowerCase(Locale.ROOT));
        name.append(benchmark.substring(type.length()));
        for (String key : result.getParams().getParamsKeys()) {
            name.append('.').append(result.getParams().getParam(key));
        }
        return name.toString();
    }
}
