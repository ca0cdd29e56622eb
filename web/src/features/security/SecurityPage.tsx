import { PageBody } from "../../shared/ui/Page";
import { ApiKeys } from "./ApiKeys";
import { Credentials } from "./Credentials";
import { Devices } from "./Devices";
import { SecondFactor } from "./SecondFactor";
import { VenueKeys } from "./VenueKeys";

export function SecurityPage() {
  return (
    <PageBody title="Security" lead="Who may come in as you, and with what.">
      <SecondFactor />
      <Credentials />
      <Devices />
      <ApiKeys />
      <VenueKeys />
    </PageBody>
  );
}
