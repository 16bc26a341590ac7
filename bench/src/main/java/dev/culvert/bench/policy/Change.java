package dev.culvert.bench.policy;

import dev.culvert.agent.state.ClusterEvent;
import java.util.List;

/**
 * Something that happens. Immutable.
 *
 * @param kind what
 * @param events as the watches tell it
 */
record Change(ChangeKind kind, List<ClusterEvent> events) {}
