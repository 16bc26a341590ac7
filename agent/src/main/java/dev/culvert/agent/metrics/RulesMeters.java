package dev.culvert.agent.metrics;

import dev.culvert.agent.rules.RulesMeter;
import dev.culvert.iptables.FilterStats;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.iptables.ModeChoice;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** The meters of the packet filter. Stateless. */
public final class RulesMeters {

    private RulesMeters() {}

    /** Registers them; before the loop starts. */
    public static void bind(MeterRegistry registry, RulesMeter rules) {
        Timer applied =
                Timer.builder("culvert.rules.apply")
                        .description("Time to make the packet filter as it should be")
                        .serviceLevelObjectives(SyncMeters.BUCKETS)
                        .register(registry);
        rules.tell(nanos -> applied.record(nanos, TimeUnit.NANOSECONDS));
        counter(registry, rules, "lines", "Lines written to the packet filter", FilterStats::lines);
        counter(
                registry,
                rules,
                "reads",
                "Runs of a program that prints rules or sets",
                FilterStats::reads);
        counter(
                registry,
                rules,
                "writes",
                "Runs of a program that changes rules or sets",
                FilterStats::writes);
        counter(
                registry,
                rules,
                "failures",
                "Runs of such a program that ended with an error",
                FilterStats::failures);
        for (RulesMeter.Drop reason : RulesMeter.Drop.values()) {
            FunctionCounter.builder(
                            "culvert.rules.dropped.packets", rules, each -> each.dropped(reason))
                    .description("Packets of pods that no pod may send")
                    .tag("reason", reason.label())
                    .register(registry);
        }
        for (IptablesMode mode : IptablesMode.values()) {
            Gauge.builder("culvert.rules.mode", rules, each -> isUsed(each, mode))
                    .description("1 for the variant of iptables that rules are written with")
                    .tag("mode", mode.label())
                    .register(registry);
        }
    }

    private static double isUsed(RulesMeter rules, IptablesMode mode) {
        ModeChoice choice = rules.mode();
        return choice != null && choice.mode() == mode ? 1 : 0;
    }

    private static void counter(
            MeterRegistry registry,
            RulesMeter rules,
            String name,
            String description,
            ToDoubleFunction<FilterStats> count) {
        FunctionCounter.builder(
                        "culvert.rules." + name, rules, each -> count.applyAsDouble(each.stats()))
                .description(description)
                .register(registry);
    }
}
