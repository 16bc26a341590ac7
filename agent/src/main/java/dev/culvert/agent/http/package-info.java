/**
 * Liveness, readiness, status and metrics over HTTP. Knows nothing of the rest: it takes suppliers.
 */
@NullMarked
package dev.culvert.agent.http;

import org.jspecify.annotations.NullMarked;
