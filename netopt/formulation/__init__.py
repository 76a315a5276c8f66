"""The mathematics, said once, over whole tables; compiled to arrays, shown as a Pyomo model on demand."""
