package dev.fid.bench.result;

import java.util.LinkedHashMap;
import java.util.Map;

/// What a way costs by the mechanism alone: the same loop over the same kinds of ends, on the model of the kernel.
/// Where a
/// measured figure differs from it, something else than the mechanism decides.
///
/// @param copies of each byte by the CPU, as the model's ledger counts them
/// @param callsPerMib system calls of the mover for a MiB
public record Modelled(double copies, double callsPerMib) {
    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("copies", copies);
        json.put("calls_per_mib", callsPerMib);
        return json;
    }

    static Modelled fromJson(Map<?, ?> json) {
        return new Modelled(
                Result.number(json, "copies").doubleValue(),
                Result.number(json, "calls_per_mib").doubleValue());
    }
}
