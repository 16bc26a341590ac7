package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.iptables.FakeKernel;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a part writes to a packet filter, without the hashes that rules carry. One thread. */
final class RenderedRules {
    private final FakeKernel kernel = new FakeKernel();
    private final PacketFilter filter;
    private final List<RulePart> parts;

    RenderedRules(List<RulePart> parts, IpFamily... families) {
        this.parts = List.copyOf(parts);
        this.filter = new PacketFilter(kernel, Set.of(families));
    }

    /** The lines that were written, those of sets too. */
    List<String> lines(RulesNode node) throws IOException {
        kernel.runs.clear();
        parts.forEach(part -> part.render(node, filter));
        filter.apply();
        return kernel.runs.stream()
                .filter(run -> !run.contains("-save\n"))
                .flatMap(String::lines)
                .map(
                        line ->
                                line.replaceAll(" -m comment --comment (\"[^\"]*\"|\\S+)", "")
                                        .replace("\"", ""))
                .toList();
    }

    /** The rules that were appended to a chain of ours. */
    List<String> rules(RulesNode node, String chain) throws IOException {
        String begin = "-A " + chain + " ";
        return lines(node).stream()
                .filter(line -> line.startsWith(begin))
                .map(line -> line.substring(begin.length()))
                .toList();
    }

    static RulesNode node(AgentConfig config, String podRanges, LocalPod... pods) {
        return new RulesNode(
                config,
                Stream.of(podRanges.split(",", -1)).map(Cidr::parse).toList(),
                new ClusterAddresses(
                        Stream.of("10.244.1.0/24", "10.244.2.0/24", "fd00:244:2::/64")
                                .map(Cidr::parse)
                                .collect(Collectors.toSet()),
                        Stream.of("192.0.2.1", "192.0.2.2", "2001:db8::2")
                                .map(IpAddresses::parse)
                                .collect(Collectors.toSet())),
                List.of(pods));
    }
}
