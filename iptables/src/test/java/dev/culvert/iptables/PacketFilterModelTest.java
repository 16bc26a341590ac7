package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever is wanted in whatever order, whatever others do in between: it ends as it should. */
final class PacketFilterModelTest {
    private static final List<String> CHAINS = List.of("CULVERT-A", "CULVERT-B", "CULVERT-C");

    /** Something that is said to the driver, or done to the kernel behind its back. */
    interface Step {
        void take(World world) throws IOException;
    }

    private static Rule rule(int number) {
        return Rule.matching().protocol(Protocol.TCP).destinationPort(number).accept();
    }

    private static List<Rule> rules(List<Integer> numbers) {
        return numbers.stream().map(PacketFilterModelTest::rule).toList();
    }

    /** The driver, the kernel, and in plain lists what should come out. */
    static final class World {
        private final FakeKernel kernel = new FakeKernel();
        private final PacketFilter filter = new PacketFilter(kernel, EnumSet.of(IpFamily.IPV4));
        private final Table table = filter.table(IpFamily.IPV4, TableName.FILTER);
        private final Map<String, List<String>> chains = new HashMap<>();
        private final List<String> others = new ArrayList<>();
        private List<String> first = List.of();
        private List<String> last = List.of();

        World() {
            kernel.nft().chain(TableName.MANGLE, "KUBE-IPTABLES-HINT");
            kernel.nft().chain(TableName.FILTER, "FORWARD");
        }

        void setChain(String name, List<Rule> rules) {
            table.setChain(new Chain(name, rules));
            chains.put(name, rules.stream().map(Rule::line).toList());
        }

        void removeChain(String name) {
            table.removeChain(name);
            chains.remove(name);
        }

        void setRules(boolean atFirst, List<Rule> rules) {
            table.setRules("FORWARD", atFirst ? Place.FIRST : Place.LAST, rules);
            List<String> lines = rules.stream().map(Rule::line).toList();
            first = atFirst ? lines : first;
            last = atFirst ? last : lines;
        }

        void addOther(int where) {
            List<String> forward = forward();
            String rule = "-p udp --dport " + others.size() + " -j RETURN";
            forward.add(where % (forward.size() + 1), rule);
            others.clear();
            forward.stream().filter(each -> each.contains("RETURN")).forEach(others::add);
        }

        void damage(int where) {
            List<List<String>> ours = new ArrayList<>(List.of(forward()));
            kernel.nft()
                    .chains(TableName.FILTER)
                    .forEach((name, rules) -> ours.addAll(own(name, rules)));
            List<String> victim = ours.get(where % ours.size());
            if (!victim.isEmpty() && !victim.get(where % victim.size()).contains("RETURN")) {
                victim.remove(where % victim.size());
            }
        }

        private static List<List<String>> own(String name, List<String> rules) {
            return Names.isOurs(name) ? List.of(rules) : List.of();
        }

        List<String> forward() {
            return kernel.nft().chain(TableName.FILTER, "FORWARD");
        }

        void check() throws IOException {
            filter.queueResync();
            filter.apply();
            Map<String, List<String>> actual = new HashMap<>();
            kernel.nft()
                    .chains(TableName.FILTER)
                    .forEach((name, rules) -> own(name, rules).forEach(r -> actual.put(name, r)));
            assertThat(actual).isEqualTo(chains);
            List<String> expected = new ArrayList<>(first);
            expected.addAll(others);
            expected.addAll(last);
            assertThat(forward()).isEqualTo(expected);
            kernel.runs.clear();
            filter.apply();
            assertThat(kernel.runs).isEmpty();
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<String> chain = Arbitraries.of(CHAINS);
        Arbitrary<Integer> number = Arbitraries.integers().between(1, 20);
        Arbitrary<List<Rule>> rules = number.list().ofMaxSize(8).map(PacketFilterModelTest::rules);
        Arbitrary<List<Rule>> few = number.set().ofMaxSize(3).map(n -> rules(List.copyOf(n)));
        Arbitrary<Step> set =
                Combinators.combine(chain, rules).as((c, r) -> world -> world.setChain(c, r));
        Arbitrary<Step> remove = chain.map(c -> world -> world.removeChain(c));
        Arbitrary<Step> jump =
                Combinators.combine(Arbitraries.of(true, false), few)
                        .as((first, r) -> world -> world.setRules(first, r));
        Arbitrary<Step> other = number.map(n -> world -> world.addOther(n));
        Arbitrary<Step> damage = number.map(n -> world -> world.damage(n));
        Arbitrary<Step> apply = Arbitraries.of(world -> world.filter.apply());
        return Arbitraries.oneOf(set, remove, jump, other, damage, apply).list().ofMaxSize(30);
    }

    @Property(tries = 500)
    void endsAsItShould(@ForAll("steps") List<Step> steps) throws IOException {
        World world = new World();
        for (Step step : steps) {
            step.take(world);
        }
        world.check();
    }
}
