/** Shows what the parts count as metrics. Names and labels are contracts; see docs/metrics.md. */
@NullMarked
package dev.culvert.agent.metrics;

import org.jspecify.annotations.NullMarked;
