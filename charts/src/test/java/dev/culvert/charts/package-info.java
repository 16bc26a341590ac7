/** The chart as Helm renders it, held against the agent's code and Kubernetes' own types. */
@NullMarked
package dev.culvert.charts;

import org.jspecify.annotations.NullMarked;
