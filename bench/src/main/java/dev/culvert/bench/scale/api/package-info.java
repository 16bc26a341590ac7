/**
 * As much of a Kubernetes API server as an agent needs: list, watch, get, patch and create, with
 * the semantics of resource versions. It holds objects as short values and writes them out when
 * somebody asks, so that 100,000 pods fit.
 */
@NullMarked
package dev.culvert.bench.scale.api;

import org.jspecify.annotations.NullMarked;
